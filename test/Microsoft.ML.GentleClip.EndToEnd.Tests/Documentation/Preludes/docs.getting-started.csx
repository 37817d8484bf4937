// A smaller edition of what the page's program makes.
class Thing
{
    [VectorType(4)]
    public float[] Spectrum { get; set; }

    [VectorType(6)]
    public float[] Image { get; set; }

    public string Kind { get; set; }
}

Thing[] things = [.. Enumerable.Range(0, 40).Select(i => new Thing { Spectrum = Vector(i, 4), Image = Vector(i, 6), Kind = $"kind {i % 2}" })];
Thing[] train = [.. things[..30].Select((thing, i) => new Thing { Spectrum = thing.Spectrum, Image = i < 20 ? thing.Image : null, Kind = thing.Kind })];
Thing[] unseen = things[30..];

// In place of the README's training.
IDataView data = mlContext.Data.LoadFromEnumerable(train);
var closedForm = GentleClipOptions.FromPreset(GentleClipPreset.ClosedForm);
closedForm.ModalityA = Modality.Vector("SpectrumEmbedding", "Spectrum");
closedForm.ModalityB = Modality.Vector("ImageEmbedding", "Image");
ITransformer model = mlContext.Transforms.GentleClip(closedForm)
    .Append(mlContext.Transforms.Conversion.MapValueToKey("Label", "Kind"))
    .Append(mlContext.MulticlassClassification.Trainers.LbfgsMaximumEntropy(featureColumnName: "SpectrumEmbedding"))
    .Fit(data);
