using System.Collections.Frozen;

namespace Microsoft.ML.GentleClip.Data;

/// <summary>One-letter codes of residues. A modified residue has the letter of the amino acid that it was made from.</summary>
internal sealed class ResidueLetters
{
    /// <summary>The letter of a residue whose parent is not known.</summary>
    public const char Unknown = 'X';

    private static readonly FrozenDictionary<string, char> Standard = Parse(
        "A ALA|C CYS|D ASP|E GLU|F PHE|G GLY|H HIS|I ILE|K LYS|L LEU|M MET|N ASN|P PRO|Q GLN|R ARG|S SER|T THR|V VAL|W TRP|Y TYR|" +
        "B ASX|J XLE|O PYL|U SEC|X UNK|Z GLX");

    // The frequent ones of the Chemical Component Dictionary with the parents that it gives, D-amino acids, and the names that force fields
    // give to protonation states. GLH and HSE are names of rare components as well, but files mean protonated glutamate and histidine.
    private static readonly FrozenDictionary<string, char> Modified = Parse(
        "A ABA AIB ALC AYA DAB DAL MAA ORN|" +
        "C BCS CAF CAS CME CMT CSD CSO CSP CSR CSS CSU CSW CSX CSZ CY1 CYG CYM CYQ CYX DCY OCS SCH SCY SMC SNC YCM|" +
        "D 0TD ASH BFD BHD DAS IAS PHD|" +
        "E B3E CGU DGL FGA GLH|" +
        "F DAH DPN MEA PFF PHI PHL|" +
        "G GHP GL3 SAR|" +
        "H DHI HIC HID HIE HIP HSD HSE HSP MHS NEP|" +
        "I DIL|" +
        "K ALY DLY KCX KPI LLP LYN LYZ M3L MLY MLZ SLZ|" +
        "L DLE MK8 MLE NLE|" +
        "M CXM FME MED MHO MSE OMT SME|" +
        "N DSG MEN SNN|" +
        "P DPR HYP|" +
        "Q DGN MEQ PCA|" +
        "R 2MR AGM CIR DAR HAR|" +
        "S DHA DSN OAS OSE SAC SEP SVA|" +
        "T BMT DTH OLT TPO|" +
        "V DVA FVA MVA|" +
        "W 0AF 4HT 6CW BTR DTR FTR HTR TOX TRN TRO TRQ|" +
        "Y DTY IYR NIY OMY PTR TPQ TYB TYI TYQ TYS TYY");

    // Names of four letters that say how the end of a residue's name is to be read: protonation states of GROMOS, GROMACS and CHARMM.
    private static readonly FrozenSet<string> Protonated = (
        "ARGN ARGP ASN1 ASP1 ASPH ASPP CYS1 CYS2 CYSD CYSH CYSN CYSS CYSX GLUH GLUP HIS1 HIS2 HISA HISB HISC HISD HISE HISH HISN HISP HISX " +
        "LYSH LYSN LYSP TYRH TYRM TYRU").Split(' ').ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    private static readonly FrozenSet<string> Caps = "ACE FOR NAC NH2 NHE NMA NME".Split(' ').ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    private readonly Dictionary<string, char> _parents = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>
    /// Notes what the file itself says: <paramref name="residue"/> was made from <paramref name="parent"/>. Parents that are no single amino
    /// acid say nothing.
    /// </summary>
    public void AddParent(string residue, string parent)
    {
        if (Standard.TryGetValue(parent, out var letter) && letter != Unknown && !Standard.ContainsKey(residue))
            _parents.TryAdd(residue, letter);
    }

    /// <summary>Whether this is the name of an amino acid, standard or modified.</summary>
    public bool IsKnown(string residue) =>
        Standard.ContainsKey(residue) || _parents.ContainsKey(residue) || Modified.ContainsKey(residue) || IsForceFieldName(residue);

    /// <summary>Whether this is the name of one of the amino acids of the genetic code, or of two that cannot be told apart.</summary>
    public static bool IsStandard(string residue) => Standard.ContainsKey(residue);

    /// <summary>Whether this is the name of a group that ends a chain and is no residue; some programs call its carbon CA.</summary>
    public static bool IsCap(string residue) => Caps.Contains(residue);

    /// <summary>Whether a name of four letters is one that force fields give: NALA and CALA at the ends of a chain, LYSH, HISB.</summary>
    public static bool IsForceFieldName(string residue) => residue.Length == 4 && (Protonated.Contains(residue) || OfEnd(residue) != Unknown);

    /// <summary>The letter of a residue: its own, that of its parent by the file, that of its parent by the table, or X.</summary>
    public char Of(string residue) =>
        Standard.TryGetValue(residue, out var letter) || _parents.TryGetValue(residue, out letter) || Modified.TryGetValue(residue, out letter) ? letter
        : residue.Length == 4 ? (OfEnd(residue) is not Unknown and var end ? end : Standard.GetValueOrDefault(residue[..3], Unknown))
        : Unknown;

    // Amber writes NALA and CALA for the first and the last residue of a chain.
    private static char OfEnd(string residue) =>
        residue[0] is not ('N' or 'C' or 'n' or 'c') ? Unknown
        : Standard.TryGetValue(residue[1..], out var letter) || Modified.TryGetValue(residue[1..], out letter) ? letter
        : Unknown;

    private static FrozenDictionary<string, char> Parse(string table) => table.Split('|')
        .SelectMany(group => group[2..].Split(' ').Select(name => KeyValuePair.Create(name, group[0])))
        .ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);
}
