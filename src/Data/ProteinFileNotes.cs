using System.Text;

namespace Microsoft.ML.GentleClip;

/// <summary>What reading one protein file, or several together, left out, merged, renamed, moved or split.</summary>
public sealed class ProteinFileNotes
{
    private const int MostDetails = 20;

    private readonly int[] _counts = new int[Enum.GetValues<ProteinFileRemark>().Length];
    private readonly List<string> _details = [];

    internal ProteinFileNotes(string file = "") => File = file;

    /// <summary>The file as it was named; empty for a sum over files.</summary>
    public string File { get; }

    /// <summary>Rows that the file gave.</summary>
    public long Rows { get; internal set; }

    /// <summary>Why the file, or the rest of it, was left out; null if it was read to its end.</summary>
    public string? Problem { get; internal set; }

    /// <summary>The first 20 remarks that concern one record each, with their lines.</summary>
    public IReadOnlyList<string> Details => _details;

    /// <summary>How often a remark applies; 0 if never.</summary>
    /// <param name="remark">The remark.</param>
    public int this[ProteinFileRemark remark] => _counts[(int)remark];

    /// <summary>The remarks that apply, in a line of text: "Water 12, Ligand 3"; empty if there is none.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        foreach (var remark in Enum.GetValues<ProteinFileRemark>())
        {
            if (this[remark] > 0)
                text.Append(text.Length > 0 ? ", " : "").Append(remark).Append(' ').Append(this[remark]);
        }
        return text.ToString();
    }

    internal void Add(ProteinFileRemark remark, int count = 1) => _counts[(int)remark] += count;

    internal void Add(ProteinFileRemark remark, string detail)
    {
        Add(remark);
        if (_details.Count < MostDetails)
            _details.Add(detail);
    }

    internal void Add(ProteinFileNotes other)
    {
        for (var i = 0; i < _counts.Length; i++)
            _counts[i] += other._counts[i];
        Rows += other.Rows;
    }
}
