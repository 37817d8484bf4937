using System.Diagnostics;
using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.GentleClip;

namespace PretrainedSearch;

/// <summary>One training from picture files and captions, as a program would do it, and the features that its saved model gives.</summary>
internal sealed class Encoders(TextWriter output, CancellationToken cancellation)
{
    private const int Pixels = 224, Few = 40;
    private const string PictureFeatures = nameof(PictureFeatures), WordsFeatures = nameof(WordsFeatures);

    /// <summary>Features of drawings and of texts.</summary>
    public (Dictionary<Drawing, float[]> Pictures, Dictionary<string, float[]> Texts) Features(Drawing[] drawings, string[] texts, string file)
    {
        var clock = Environment.CpuUsage.TotalTime;
        using var model = TrainSaveAndLoad(drawings, file);
        var rows = drawings.Select(drawing => new PictureRow { Picture = drawing.Content }).Concat(texts.Select(text => new PictureRow { Words = text }));
        var scored = model.Transform(new MLContext().Data.LoadFromEnumerable(rows));
        float[][] pictures = [.. scored.GetColumn<float[]>(PictureFeatures).Take(drawings.Length)];
        float[][] words = [.. scored.GetColumn<float[]>(WordsFeatures).Skip(drawings.Length)];
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{drawings.Length} drawings and {texts.Length} texts through the saved model: "
            + $"{(Environment.CpuUsage.TotalTime - clock).TotalSeconds:f0} s of processor time."));
        return (drawings.Zip(pictures).ToDictionary(entry => entry.First, entry => entry.Second),
            texts.Zip(words).ToDictionary(entry => entry.First, entry => entry.Second));
    }

    /// <summary>Sends rows through the saved model, the drawings over and over, and says what that takes.</summary>
    public void Measure(int rows, string folder)
    {
        var (drawings, _) = Drawing.Read(int.MaxValue);
        using var model = TrainSaveAndLoad(drawings, Path.Combine(folder, "search.zip"));
        Report(nameof(PictureRow.Picture), PictureFeatures, drawing => new PictureRow { Picture = drawing.Content });
        Report(nameof(PictureRow.Words), WordsFeatures, drawing => new PictureRow { Words = drawing.Words });

        void Report(string side, string column, Func<Drawing, PictureRow> row)
        {
            var (clock, watch) = (Environment.CpuUsage.TotalTime, Stopwatch.StartNew());
            var view = new MLContext().Data.LoadFromEnumerable(Enumerable.Range(0, rows).Select(i => row(drawings[i % drawings.Length])));
            int read = model.Transform(view).GetColumn<float[]>(column).Count(features => !float.IsNaN(features[0]));
            using var process = Process.GetCurrentProcess();
            output.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{side}: {read} rows, {(Environment.CpuUsage.TotalTime - clock).TotalSeconds:f0} s of "
                + $"processor time, {watch.Elapsed.TotalSeconds:f0} s by the clock; the process took {process.PeakWorkingSet64 / 1e6:f0} MB at most."));
        }
    }

    private GentleClipTransformer TrainSaveAndLoad(Drawing[] drawings, string file)
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
            .WithFeatures(PictureFeatures);
        options.ModalityB = Modality.Text("WordsEmbedding", nameof(PictureRow.Words), new OnnxTextEncoderOptions { ModelFile = PretrainedModels.MiniLM() })
            .WithFeatures(WordsFeatures);
        options.PairedColumnName = nameof(PictureRow.IsPaired);
        options.NumberOfThreads = 1;
        options.CancellationToken = cancellation;
        var pairs = mlContext.Data.LoadFromEnumerable(
            drawings[..Few].Select(drawing => new PictureRow { Picture = drawing.Content, Words = drawing.Words, IsPaired = true }));
        using (var model = mlContext.Transforms.GentleClip(options).Fit(pairs))
            mlContext.Model.Save(model, pairs.Schema, file);

        // Another program loads it: the files of the encoders are found by their names and hashes.
        return (GentleClipTransformer)new MLContext().Model.Load(file, out _);
    }
}
