using Microsoft.ML.OnnxRuntime;

// The model.zip of a sequence and a structure tower, after two steps.
class Chain
{
    public string Sequence { get; set; }

    public float[] AlphaCarbons { get; set; }

    public bool IsEnzyme { get; set; }
}

class Vectors
{
    [VectorType(256)]
    public float[] FeatureVector { get; set; }

    [VectorType(6)]
    public float[] Other { get; set; }

    public string Kind { get; set; }
}

IDataView chains = mlContext.Data.LoadFromEnumerable(Enumerable.Range(0, 12).Select(i => new Chain
{
    Sequence = string.Concat(Enumerable.Range(0, 12).Select(k => "ACDEFGHIKLMNPQRSTVWY"[(i + k * k) % 20])),
    IsEnzyme = i % 2 == 0,
    AlphaCarbons = [.. Enumerable.Range(0, 12).SelectMany(k => new[] { 3 * k, (float)Math.Sin(i + k), (float)Math.Cos(i * k) })],
}).ToArray());
using (GentleClipTransformer trained = mlContext.Transforms.GentleClip(new GentleClipOptions
{
    ModalityA = Modality.ProteinSequence("SequenceEmbedding", "Sequence", new Esm2Options { Size = new Esm2Size(1, 16, 2) }),
    ModalityB = Modality.ProteinStructure("StructureEmbedding", "AlphaCarbons", encoder: new CdConvOptions { Channels = [8], Radii = [8] }),
    EmbeddingDimension = 16,
    MaximumNumberOfSteps = 2,
}).Fit(chains))
    mlContext.Model.Save(trained, chains.Schema, "model.zip");

IDataView vectors = mlContext.Data.LoadFromEnumerable(Enumerable.Range(0, 12).Select(i => new Vectors
{
    FeatureVector = Vector(i, 256), Other = Vector(i, 6), Kind = $"kind {i % 3}",
}).ToArray());
using (GentleClipTransformer trained = mlContext.Transforms.GentleClip(new GentleClipOptions
{
    ModalityA = Modality.Vector("Embedding", "FeatureVector"),
    ModalityB = Modality.Vector("OtherEmbedding", "Other"),
    MaximumNumberOfSteps = 2,
}).Fit(vectors))
    mlContext.Model.ConvertGentleClipToOnnx(trained, "vectors.onnx", "Embedding");

IDataView labelled = mlContext.Model.Load("model.zip", out _).Transform(chains);
