using System.Text;

namespace Microsoft.ML.GentleClip.Data;

/// <summary>Reads a structure file in the format that its content shows, whatever it is called.</summary>
internal static class StructureReader
{
    /// <summary>Longest line.</summary>
    public const int MaximumLineLength = 1 << 20;

    /// <summary>Reads PDB or mmCIF.</summary>
    /// <param name="lines">The file.</param>
    /// <param name="useLabels">mmCIF: chain ids and residue numbers of the archive rather than of the authors.</param>
    /// <param name="keepsGoodRecords">A damaged record costs its residue rather than the file.</param>
    /// <exception cref="InvalidDataException">The file is broken or of another format; the message names file, line and reason.</exception>
    public static ProteinStructure Read(LineReader lines, bool useLabels = false, bool keepsGoodRecords = false)
    {
        var head = lines.Peek();
        if (head.IsEmpty)
            throw lines.ErrorAt(0, "the file is empty");
        if (head.Contains((byte)0) && head.IndexOf("dataBlocks"u8) >= 0)
            throw lines.ErrorAt(0, "the file is BinaryCIF, which is not read; convert it to mmCIF text");
        return IsCif(head) ? MmCifReader.Read(lines, useLabels, keepsGoodRecords) : PdbReader.Read(lines, keepsGoodRecords);
    }

    // The first word that is no comment. A block full of comments can be CIF only.
    private static bool IsCif(ReadOnlySpan<byte> head)
    {
        while (true)
        {
            head = head.TrimStart(" \t\r\n"u8);
            if (!head.StartsWith("#"u8))
                return head.StartsWith("_"u8) || StartsWith(head, "data_") || StartsWith(head, "loop_");
            var end = head.IndexOfAny((byte)'\n', (byte)'\r');
            if (end < 0)
                return true;
            head = head[end..];
        }
    }

    private static bool StartsWith(ReadOnlySpan<byte> head, string word) => head.Length >= word.Length && Ascii.EqualsIgnoreCase(head[..word.Length], word);
}
