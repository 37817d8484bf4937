class Scored
{
    [VectorType(4)]
    public float[] ImageEmbedding { get; set; }

    [VectorType(4)]
    public float[] TextEmbedding { get; set; }

    public string ImageId { get; set; }

    public string Class { get; set; }
}

class Protein
{
    [VectorType(4)]
    public float[] SequenceEmbedding { get; set; }

    public string EcNumbers { get; set; }
}

// Two captions an image.
IDataView scored = mlContext.Data.LoadFromEnumerable(Enumerable.Range(0, 20).Select(i => new Scored
{
    ImageEmbedding = Vector(i / 2, 4), TextEmbedding = Vector(i, 4), ImageId = $"image {i / 2}", Class = $"class {i % 6}",
}).ToArray());
var (images, prompts) = (scored, scored);
