namespace ProteinAlignment;

/// <summary>Names of the columns that the pipeline adds.</summary>
internal static class Columns
{
    public const string IsPaired = nameof(IsPaired);
    public const string SequenceEmbedding = nameof(SequenceEmbedding);
    public const string StructureEmbedding = nameof(StructureEmbedding);
    public const string EncodedSequence = nameof(EncodedSequence);
    public const string ClassKey = nameof(ClassKey);
    public const string ClassifierFeatures = nameof(ClassifierFeatures);
    public const string PredictedClass = nameof(PredictedClass);
}
