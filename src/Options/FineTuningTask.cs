namespace Microsoft.ML.GentleClip;

/// <summary>What a fine-tuning predicts.</summary>
public enum FineTuningTask
{
    /// <summary>One of several classes: the label is a key.</summary>
    Multiclass,

    /// <summary>Yes or no: the label is a Boolean.</summary>
    Binary,

    /// <summary>Any number of labels a row: the label is a vector of Boolean or numbers, one slot each, or a vector of keys.</summary>
    MultiLabel,

    /// <summary>A number: the label is a Single.</summary>
    Regression,
}
