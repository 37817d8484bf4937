namespace Microsoft.ML.GentleClip.Data;

/// <summary>A row of <c>LoadFasta</c>; its properties are the columns.</summary>
internal sealed class FastaRow(string file, FastaRecord record)
{
    /// <summary>File as it was named.</summary>
    public string File { get; } = file;

    /// <summary>First word of the header.</summary>
    public string Identifier => record.Identifier;

    /// <summary>The rest of the header.</summary>
    public string Description => record.Description;

    /// <summary>The letters.</summary>
    public string Sequence => record.Sequence;
}
