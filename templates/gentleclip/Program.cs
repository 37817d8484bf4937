using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.GentleClip;

var mlContext = new MLContext(seed: 1);
var file = new TextLoader.Options { HasHeader = true, Separators = [','], MissingRealsAsNaNs = true };
IDataView spectra = mlContext.Data.LoadFromTextFile<Spectrum>("spectra.csv", file);
IDataView images = mlContext.Data.LoadFromTextFile<Picture>("images.csv", file);

// Rows whose id is in both files are pairs, the others are unpaired samples.
JoinedModalities joined = mlContext.Data.JoinModalities(spectra, images, "Id");
Console.WriteLine(joined.Summary);

// Without a number of steps, an encoder or validation pairs, the closed form is fitted alone: seconds. MaximumNumberOfSteps = 1000 trains towers beside it.
GentleClipTransformer model = mlContext.Transforms.GentleClip(new GentleClipOptions
{
    ModalityA = Modality.Vector("SpectrumEmbedding", "Values"),
    ModalityB = Modality.Vector("ImageEmbedding", "Pixels"),
    Progress = new ConsoleProgress(),
}).Fit(joined);
mlContext.Model.Save(model, joined.Schema, "model.zip");
Console.WriteLine("Saved model.zip.");

// Kinds are known for spectra only. A classifier that learns from their embeddings sorts images as well.
IDataView labelled = mlContext.Transforms.CopyColumns("Features", "SpectrumEmbedding").Fit(model.Transform(spectra)).Transform(model.Transform(spectra));
var classifier = mlContext.Transforms.Conversion.MapValueToKey("Label", "Kind")
    .Append(mlContext.MulticlassClassification.Trainers.SdcaMaximumEntropy()).Fit(labelled);
IDataView sorted = classifier.LastTransformer.Transform(
    mlContext.Transforms.CopyColumns("Features", "ImageEmbedding").Fit(model.Transform(images)).Transform(model.Transform(images)));
sorted = mlContext.Transforms.Conversion.MapKeyToValue("Found", "PredictedLabel").Fit(sorted).Transform(sorted);

// The file of images has their kinds as well, which nothing above has read.
bool[] right = [.. sorted.GetColumn<string>("Found").Zip(sorted.GetColumn<string>("TrueKind"), (found, kind) => found == kind)];
Console.WriteLine($"kind of {right.Length} images, learnt from spectra: {100.0 * right.Count(isRight => isRight) / right.Length:0} % right");

class Spectrum
{
    [LoadColumn(0)] public string Id { get; set; } = "";
    [LoadColumn(1)] public string Kind { get; set; } = "";
    [LoadColumn(2, 13), VectorType(12)] public float[] Values { get; set; } = [];
}

class Picture
{
    [LoadColumn(0)] public string Id { get; set; } = "";
    [LoadColumn(1)] public string TrueKind { get; set; } = "";
    [LoadColumn(2, 17), VectorType(16)] public float[] Pixels { get; set; } = [];
}
