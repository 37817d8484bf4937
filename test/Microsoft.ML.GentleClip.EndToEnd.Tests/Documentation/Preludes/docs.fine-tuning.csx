class Thing
{
    [VectorType(4)]
    public float[] Spectrum { get; set; }

    [VectorType(6)]
    public float[] Image { get; set; }

    public string Kind { get; set; }

    public bool IsHeavy { get; set; }
}

IDataView Things(int first) => mlContext.Data.LoadFromEnumerable(Enumerable.Range(first, 60)
    .Select(i => new Thing { Spectrum = Vector(i, 4), Image = Vector(i, 6), Kind = Vector(i, 4)[0] > 0 ? "oak" : "ash",
        IsHeavy = Vector(i, 4)[1] > 0 }).ToArray());
var (rows, labelled, test) = (Things(0), Things(0), Things(60));
var alignment = new GentleClipOptions
{
    ModalityA = Modality.Vector("SpectrumEmbedding", "Spectrum"),
    ModalityB = Modality.Vector("ImageEmbedding", "Image"),
    MaximumNumberOfSteps = 10,
    ClosedForm = null,
};
