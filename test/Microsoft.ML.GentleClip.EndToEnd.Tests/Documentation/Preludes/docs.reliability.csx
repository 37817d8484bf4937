class Row
{
    [VectorType(2)]
    public float[] Left { get; set; }

    [VectorType(2)]
    public float[] Right { get; set; }
}

IDataView rows = mlContext.Data.LoadFromEnumerable(Enumerable.Range(0, 8).Select(i => new Row { Left = new[] { i, i * i % 5f },
    Right = new[] { i % 3f, i } }).ToArray());
GentleClipTransformer model = mlContext.Transforms.GentleClip(new GentleClipOptions
{
    ModalityA = Modality.Vector("LeftEmbedding", "Left"),
    ModalityB = Modality.Vector("RightEmbedding", "Right"),
    MaximumNumberOfSteps = 2,
}).Fit(rows);
