using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.GentleClip;
using Microsoft.ML.GentleClip.Interactive;

// Two tables of 2,000 handwritten digits. We act as if it were known for 20 of them only which row of the one table belongs to which row of the other:
// of the next 1,480 we take one row each, from this table or from that. The last 500 are the test.
var mlContext = new MLContext(seed: 1);
IDataView coefficients = mlContext.Data.LoadFromTextFile<Coefficients>("coefficients.csv", separatorChar: ',', hasHeader: true);
IDataView profiles = mlContext.Data.LoadFromTextFile<Profile>("profiles.csv", separatorChar: ',', hasHeader: true);
JoinedModalities train = mlContext.Data.JoinModalities(
    Where(coefficients, id => id <= 20 || id <= 1500 && id % 2 == 0), Where(profiles, id => id <= 20 || id <= 1500 && id % 2 == 1), "Id");
JoinedModalities test = mlContext.Data.JoinModalities(Where(coefficients, id => id > 1500), Where(profiles, id => id > 1500), "Id");
Console.WriteLine(train.Summary);

// One embedding space for both, in closed form: nothing is trained, and it takes seconds.
GentleClipTransformer model = mlContext.Transforms.GentleClip(new GentleClipOptions
{
    ModalityA = Modality.Vector("CoefficientsEmbedding", "Coefficients"),
    ModalityB = Modality.Vector("ProfileEmbedding", "Profile"),
    Progress = new ConsoleProgress(),
}).Fit(train);
mlContext.Model.Save(model, train.Schema, "model.zip");

// Which profile belongs to which coefficients? Digits that were never seen find each other.
IDataView found = model.Transform(test);
Console.WriteLine(mlContext.GentleClip().EvaluateRetrieval(found, "CoefficientsEmbedding", "ProfileEmbedding"));
found.PlotEmbeddings("CoefficientsEmbedding", "ProfileEmbedding", "Digit", "500 unseen digits, described twice").Save("embeddings.svg");

// Only the coefficients have labels. A classifier that learns from their embeddings reads the profiles as well, since both lie in one space.
IDataView labelled = mlContext.Data.FilterRowsByMissingValues(model.Transform(train), "CoefficientsEmbedding");
ITransformer classifier = mlContext.Transforms.Conversion.MapValueToKey("Label", "Digit")
    .Append(mlContext.MulticlassClassification.Trainers.LbfgsMaximumEntropy(featureColumnName: "CoefficientsEmbedding")).Fit(labelled);
IDataView swapped = mlContext.Transforms.CopyColumns("CoefficientsEmbedding", "ProfileEmbedding").Fit(found).Transform(found);
Console.WriteLine($"numeral read from the coefficients: {100 * Accuracy(found):0} % right");
Console.WriteLine($"numeral read from the profiles, none of which had a label: {100 * Accuracy(swapped):0} % right");

double Accuracy(IDataView rows) => mlContext.MulticlassClassification.Evaluate(classifier.Transform(rows)).MicroAccuracy;

IDataView Where(IDataView table, Func<int, bool> isWanted) => mlContext.Data.FilterByCustomPredicate<Row>(table, row => !isWanted(row.Id));

class Row
{
    [LoadColumn(0)] public int Id { get; set; }
}

class Coefficients : Row
{
    [LoadColumn(1)] public string Digit { get; set; } = "";
    [LoadColumn(2, 65), ColumnName("Coefficients"), VectorType(64)] public float[] Values { get; set; } = [];
}

class Profile : Row
{
    [LoadColumn(1, 216), ColumnName("Profile"), VectorType(216)] public float[] Values { get; set; } = [];
}
