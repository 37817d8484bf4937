using System.Diagnostics;
using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.GentleClip;

namespace PretrainedSearch;

/// <summary>Two pretrained encoders, few pairs: trains from files to search, then compares methods on the same features, and draws what is found.</summary>
internal sealed class Demonstration(TextWriter output, CancellationToken cancellation)
{
    private const int Shown = 10, Pixels = 224;

    /// <summary>Runs; the figures go to the output, the picture into a folder.</summary>
    public void Run(int pairs, int seeds, int drawings, string folder)
    {
        var (train, test) = Drawing.Read(drawings);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{train.Length} drawings to learn from, {Math.Min(pairs, train.Length)} of them with their words; {test.Length} held out."));
        var texts = new Search(train, test, _ => [], _ => [], cancellation).Texts().ToArray();
        var (pictures, words) = Features([.. train, .. test], texts, Path.Combine(folder, "search.zip"));
        var search = new Search(train, test, drawing => pictures[drawing], text => words[text], cancellation);

        string[] figures = [.. search.Chance().Keys];
        output.WriteLine($"| per cent | {string.Join(" | ", figures)} |\n|---|{string.Concat(Enumerable.Repeat("---|", figures.Length))}");
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
        using var shown = search.Fit(Method.Recommended, 1, pairs);
        int[][] found = [.. search.Find(shown).Take(Shown)];
        Query[] queries = [.. search.Queries.Take(Shown)];
        string sheet = Path.Combine(folder, "pretrained-search.png");
        ContactSheet.Save(sheet, queries, found, test);
        int right = queries.Zip(found, (query, rows) => rows.Any(query.Right.Contains) ? 1 : 0).Sum();
        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{right} of {queries.Length} words found a drawing that has them among the first {Search.Found}: {sheet}"));
    }

    // One training from picture files and words, as a program would do it; its features serve the comparison.
    private (Dictionary<Drawing, float[]>, Dictionary<string, float[]>) Features(Drawing[] drawings, string[] texts, string file)
    {
        var mlContext = new MLContext(seed: 1);
        mlContext.Log += (_, line) =>
        {
            if (line.RawMessage.Contains(".onnx", StringComparison.Ordinal))
                output.WriteLine($"  {line.RawMessage.Replace(AppContext.BaseDirectory, "", StringComparison.Ordinal)}");
        };
        var options = GentleClipOptions.FromPreset(GentleClipPreset.Recommended);
        options.ModalityA = Modality.Image("PictureEmbedding", nameof(PictureRow.Picture),
            new ImageOptions { Size = Pixels, StoredSize = Pixels }, new OnnxImageEncoderOptions { ModelFile = PretrainedModels.ResNet18 })
            .WithFeatures("PictureFeatures");
        options.ModalityB = Modality.Text("WordsEmbedding", nameof(PictureRow.Words), new OnnxTextEncoderOptions { ModelFile = PretrainedModels.MiniLM() })
            .WithFeatures("WordsFeatures");
        options.PairedColumnName = nameof(PictureRow.IsPaired);
        options.NumberOfThreads = 1;
        options.CancellationToken = cancellation;
        const int few = 40;
        var pairs = mlContext.Data.LoadFromEnumerable(
            drawings[..few].Select(drawing => new PictureRow { Picture = drawing.Content, Words = drawing.Words, IsPaired = true }));
        using (var model = mlContext.Transforms.GentleClip(options).Fit(pairs))
            mlContext.Model.Save(model, pairs.Schema, file);

        // Another program loads it: the files of the encoders are found by their names and hashes.
        using var process = Process.GetCurrentProcess();
        var clock = process.TotalProcessorTime;
        using var loaded = (GentleClipTransformer)new MLContext().Model.Load(file, out _);
        var rows = drawings.Select(drawing => new PictureRow { Picture = drawing.Content }).Concat(texts.Select(text => new PictureRow { Words = text }));
        var scored = loaded.Transform(mlContext.Data.LoadFromEnumerable(rows));
        float[][] pictures = [.. scored.GetColumn<float[]>("PictureFeatures").Take(drawings.Length)];
        float[][] words = [.. scored.GetColumn<float[]>("WordsFeatures").Skip(drawings.Length)];
        process.Refresh();
        double seconds = (process.TotalProcessorTime - clock).TotalSeconds;
        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{drawings.Length} drawings and {texts.Length} texts through the saved model: {seconds:f0} s of processor time."));
        return (drawings.Zip(pictures).ToDictionary(entry => entry.First, entry => entry.Second),
            texts.Zip(words).ToDictionary(entry => entry.First, entry => entry.Second));
    }

    private static string Spread(double[] values)
    {
        double mean = values.Average();
        return values.Length == 1 ? Percent(mean)
            : $"{Percent(mean)} ± {Percent(Math.Sqrt(values.Sum(value => (value - mean) * (value - mean)) / (values.Length - 1)))}";
    }

    private static string Percent(double value) => (100 * value).ToString("f1", CultureInfo.InvariantCulture);
}
