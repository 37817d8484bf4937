// A closed form of made-up features, with pairs that it has not seen.
class Item
{
    [VectorType(4)]
    public float[] SequenceFeatures { get; set; }

    [VectorType(6)]
    public float[] StructureFeatures { get; set; }

    public string Family { get; set; }

    public string Name { get; set; }
}

Item Thing(int i, bool a = true, bool b = true) => new Item
{
    SequenceFeatures = a ? Vector(i, 4) : null,
    StructureFeatures = b ? Vector(i, 6) : null,
    Family = $"family {i % 3}",
    Name = $"thing {i}",
};

IDataView train = mlContext.Data.LoadFromEnumerable(Enumerable.Range(0, 90).Select(i => Thing(i, i < 60, i < 30 || i >= 60)).ToArray());
IDataView sequences = mlContext.Data.LoadFromEnumerable(Enumerable.Range(100, 40).Select(i => Thing(i)).ToArray());
IDataView structures = sequences;
IDataView heldOutPairs = mlContext.Data.LoadFromEnumerable(Enumerable.Range(200, 20).Select(i => Thing(i)).ToArray());
GentleClipOptions settings = GentleClipOptions.FromPreset(GentleClipPreset.ClosedForm);
settings.ModalityA = Modality.Vector("SequenceEmbedding", "SequenceFeatures");
settings.ModalityB = Modality.Vector("StructureEmbedding", "StructureFeatures");
GentleClipTransformer model = mlContext.Transforms.GentleClip(settings).Fit(train);
