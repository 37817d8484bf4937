namespace Microsoft.ML.GentleClip;

/// <summary>How the representations of a text's tokens become its features.</summary>
public enum BertPooling
{
    /// <summary>Mean over all tokens, those at the beginning and the end included.</summary>
    Mean,

    /// <summary>The representation of the token at the beginning, <c>[CLS]</c>, as in the authors' code; not the pooler's output.</summary>
    ClassificationToken,
}
