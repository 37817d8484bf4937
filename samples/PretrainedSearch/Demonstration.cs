using System.Globalization;

namespace PretrainedSearch;

/// <summary>Two pretrained encoders, few pairs: trains from files to search, then compares methods on the same features, and draws what is found.</summary>
internal sealed class Demonstration(TextWriter output, CancellationToken cancellation)
{
    /// <summary>With fewer than 60, no word is a keyword of three held-out drawings.</summary>
    public const int FewestDrawings = 100;

    private const int Shown = 10, FewestUnpaired = 4;

    /// <summary>What is wrong with numbers that fit by themselves and not together; null where nothing is.</summary>
    /// <param name="pairs">Drawings with their words.</param>
    /// <param name="drawings">Drawings in all.</param>
    public static string? Problem(int pairs, int drawings) => Drawing.TrainOf(drawings) - pairs < FewestUnpaired
        ? string.Create(CultureInfo.InvariantCulture,
            $"--pairs is {pairs}, but of {drawings} drawings {Drawing.TrainOf(drawings)} are learnt from, and {FewestUnpaired} of them or more are to be "
            + $"unpaired; expected at most {Drawing.TrainOf(drawings) - FewestUnpaired} pairs.")
        : null;

    /// <summary>Runs; the figures go to the output, the picture into a folder.</summary>
    /// <exception cref="ArgumentException">There are not as many drawings as are asked for.</exception>
    public void Run(int pairs, int seeds, int drawings, string folder)
    {
        if (Problem(pairs, drawings) is { } problem)
            throw new ArgumentException(problem);
        var (train, test) = Drawing.Read(drawings);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{train.Length} drawings to learn from, {pairs} of them with their words; {test.Length} held out."));
        string[] texts = [.. new Search(train, test, _ => [], _ => [], cancellation).Texts()];
        var (pictures, words) = new Encoders(output, cancellation).Features([.. train, .. test], texts, Path.Combine(folder, "search.zip"));
        var search = new Search(train, test, drawing => pictures[drawing], text => words[text], cancellation);
        Draw(search, pairs, test, Path.Combine(folder, "pretrained-search.png"));
        Compare("ResNet18 and MiniLM", search, pairs, seeds);
        var plain = new PlainFeatures(train, test);
        Compare("16 x 16 pixels and counted words", new Search(train, test, plain.OfPicture, plain.OfText, cancellation), pairs, seeds);
    }

    private void Draw(Search search, int pairs, Drawing[] test, string file)
    {
        using var model = search.Fit(Method.Recommended, 1, pairs);
        int[][] found = [.. search.Find(model).Take(Shown)];
        Query[] queries = [.. search.Queries.Take(Shown)];
        ContactSheet.Save(file, queries, found, test);
        int right = queries.Zip(found, (query, rows) => rows.Any(query.Right.Contains) ? 1 : 0).Sum();
        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{right} of {queries.Length} words found a drawing that has them among the first {Search.Found}: {file}"));
    }

    private void Compare(string features, Search search, int pairs, int seeds)
    {
        string[] figures = [.. search.Chance().Keys];
        output.WriteLine($"\n{features}\n\n| per cent | {string.Join(" | ", figures)} |\n|---|{string.Concat(Enumerable.Repeat("---|", figures.Length))}");
        output.WriteLine($"| guessing | {string.Join(" | ", search.Chance().Values.Select(value => Percent(value)))} |");
        foreach (var method in Method.All)
        {
            var runs = new List<Dictionary<string, double>>();
            for (int seed = 1; seed <= seeds; seed++)
            {
                using var model = search.Fit(method, seed, pairs);
                runs.Add(search.Measure(model));
            }
            output.WriteLine($"| {method.Title} | {string.Join(" | ", figures.Select(figure => Spread([.. runs.Select(run => run[figure])])))} |");
        }
    }

    private static string Spread(double[] values)
    {
        double mean = values.Average();
        return values.Length == 1 ? Percent(mean)
            : $"{Percent(mean)} ± {Percent(Math.Sqrt(values.Sum(value => (value - mean) * (value - mean)) / (values.Length - 1)))}";
    }

    private static string Percent(double value) => (100 * value).ToString("f1", CultureInfo.InvariantCulture);
}
