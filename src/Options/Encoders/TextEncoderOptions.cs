namespace Microsoft.ML.GentleClip;

/// <summary>
/// Settings of an encoder of text: <see cref="TextNGramOptions"/>, light and for small data, <see cref="BertEncoderOptions"/>, or your own, a
/// <see cref="CustomTextEncoderOptions"/>.
/// </summary>
public abstract record TextEncoderOptions : IEncoderOptions
{
    private protected TextEncoderOptions()
    {
    }

    /// <summary>
    /// Whether letters are made small and lose their accents, as in BERT's uncased vocabularies: "Café" and "cafe" are the same. Default true. The rules are
    /// built in and do not depend on the process's culture or globalisation mode.
    /// </summary>
    public bool LowerCase { get; init; } = true;

    /// <summary>Most UTF-16 characters of a text that can matter, as a measure of what it costs.</summary>
    internal abstract int LargestCost { get; }
}
