namespace Microsoft.ML.GentleClip.Data;

/// <summary>Kinds of tokens in a CIF file.</summary>
internal enum CifToken
{
    /// <summary>The file has ended.</summary>
    End,

    /// <summary><c>data_NAME</c>.</summary>
    Block,

    /// <summary><c>save_NAME</c> or <c>save_</c>.</summary>
    Save,

    /// <summary><c>loop_</c>.</summary>
    Loop,

    /// <summary><c>_category.item</c>.</summary>
    Tag,

    /// <summary>A value.</summary>
    Value,

    /// <summary>A value that is unknown (<c>?</c>) or does not apply (<c>.</c>).</summary>
    Null,
}
