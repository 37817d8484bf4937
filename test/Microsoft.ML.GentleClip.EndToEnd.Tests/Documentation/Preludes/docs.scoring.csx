// A small transformer and a thousand rows of its two views.
class Row
{
    [VectorType(6)]
    public float[] A { get; set; }

    [VectorType(4)]
    public float[] B { get; set; }
}

IDataView data = mlContext.Data.LoadFromEnumerable(Enumerable.Range(0, 1000).Select(i => new Row { A = Vector(i, 6), B = Vector(i, 4) }).ToArray());
GentleClipTransformer transformer = mlContext.Transforms.GentleClip(new GentleClipOptions
{
    ModalityA = Modality.Vector("EmbeddingA", "A"),
    ModalityB = Modality.Vector("EmbeddingB", "B"),
    EmbeddingDimension = 16,
    MaximumNumberOfSteps = 2,
}).Fit(data);
IDataView asBefore = transformer.Transform(data);
mlContext.Model.Save(transformer, data.Schema, "model.zip");
