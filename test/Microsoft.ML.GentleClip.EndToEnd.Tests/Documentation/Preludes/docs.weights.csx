class Row
{
    [VectorType(4)]
    public float[] SequenceFeatures { get; set; }

    [VectorType(6)]
    public float[] StructureFeatures { get; set; }
}

IDataView train = mlContext.Data.LoadFromEnumerable(Enumerable.Range(0, 20).Select(i => new Row { SequenceFeatures = Vector(i, 4),
    StructureFeatures = Vector(i, 6) }).ToArray());
IDataView validation = mlContext.Data.LoadFromEnumerable(Enumerable.Range(20, 6).Select(i => new Row { SequenceFeatures = Vector(i, 4),
    StructureFeatures = Vector(i, 6) }).ToArray());
var options = new GentleClipOptions
{
    ModalityA = Modality.Vector("SequenceEmbedding", "SequenceFeatures"),
    ModalityB = Modality.Vector("StructureEmbedding", "StructureFeatures"),
    MaximumNumberOfSteps = 2,
};
GentleClipTransformer transformer = mlContext.Transforms.GentleClip(options).Fit(train);
