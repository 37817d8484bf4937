// A model of tiny pictures and their captions, after two steps.
class Item
{
    [VectorType(3 * 16 * 16)]
    public float[] Picture { get; set; }

    public string Caption { get; set; }
}

IDataView pictures = mlContext.Data.LoadFromEnumerable(Enumerable.Range(0, 12).Select(i => new Item
{
    Picture = [.. Vector(i, 3 * 16 * 16).Select(x => 127.5f + 127 * x)],
    Caption = $"{new[] { "a red apple", "a blue car", "an old house" }[i % 3]}, number {i}",
}).ToArray());
var (captions, captionsOfTheTraining) = (pictures, pictures);
GentleClipTransformer model = mlContext.Transforms.GentleClip(new GentleClipOptions
{
    ModalityA = Modality.Image("PictureEmbedding", "Picture", new ImageOptions { Size = 16, StoredSize = 16 },
        new ResNetOptions { Size = new ResNetSize([1, 1, 1, 1], 4, bottleneck: false) }),
    ModalityB = Modality.Text("CaptionEmbedding", "Caption", new TextNGramOptions { Buckets = 256 }),
    EmbeddingDimension = 16,
    MaximumNumberOfSteps = 2,
}).Fit(pictures);
