// In place of the README's files: 20 pairs, ten rows of each side, and ten digits for the test.
class Digit
{
    public string Id { get; set; }

    [VectorType(4)]
    public float[] Coefficients { get; set; }
}

class Drawn
{
    public string Id { get; set; }

    [VectorType(6)]
    public float[] Profile { get; set; }
}

IDataView Table(params int[] numbers) =>
    mlContext.Data.LoadFromEnumerable(numbers.Select(i => new Digit { Id = $"{i}", Coefficients = Vector(i, 4) }).ToArray());
IDataView Drawings(params int[] numbers) =>
    mlContext.Data.LoadFromEnumerable(numbers.Select(i => new Drawn { Id = $"{i}", Profile = Vector(i, 6) }).ToArray());
JoinedModalities train = mlContext.Data.JoinModalities(
    Table([.. Enumerable.Range(0, 30)]), Drawings([.. Enumerable.Range(0, 20), .. Enumerable.Range(30, 10)]), "Id");
JoinedModalities test = mlContext.Data.JoinModalities(Table([.. Enumerable.Range(40, 10)]), Drawings([.. Enumerable.Range(40, 10)]), "Id");
var options = GentleClipOptions.FromPreset(GentleClipPreset.ClosedForm);
options.ModalityA = Modality.Vector("CoefficientsEmbedding", "Coefficients");
options.ModalityB = Modality.Vector("ProfileEmbedding", "Profile");
GentleClipTransformer model = mlContext.Transforms.GentleClip(options).Fit(train);

// What the pieces of the README's program take as given there.
IDataView coefficients = Table([.. Enumerable.Range(0, 30)]), profiles = Drawings([.. Enumerable.Range(0, 30)]);
IDataView Where(IDataView table, Func<int, bool> isWanted) => table;
