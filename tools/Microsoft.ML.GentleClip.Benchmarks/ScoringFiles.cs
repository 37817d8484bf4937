using System.Globalization;
using Microsoft.ML.Data;

namespace Microsoft.ML.GentleClip.Benchmarks;

/// <summary>A tower's model as files: saved, and as a graph.</summary>
/// <param name="Folder">Where they lie.</param>
/// <param name="Tower">Name of the tower.</param>
internal sealed record ScoringFiles(string Folder, string Tower)
{
    /// <summary>How far ONNX Runtime's embeddings may be from torch's.</summary>
    public const float Tolerance = 1e-4f;

    private const string Switch = "Microsoft.ML.GentleClip.LoadWithoutTorch";

    /// <summary>The exported graph.</summary>
    public string Graph => Path.Combine(Folder, Tower + ".onnx");

    private string Model => Path.Combine(Folder, Tower + ".zip");

    /// <summary>Writes both files and compares the embeddings of both engines.</summary>
    /// <param name="tower">The tower.</param>
    /// <param name="rows">How many are compared.</param>
    /// <returns>The largest difference.</returns>
    /// <exception cref="MeasurementException">It is above <see cref="Tolerance"/>.</exception>
    public float Write(ScoringCase tower, int rows)
    {
        var context = new MLContext(seed: 1);
        using var transformer = tower.CreateTransformer();
        var source = tower.Source(rows);
        context.Model.ConvertGentleClipToOnnx(transformer, Graph, ScoringCase.Output);
        context.Model.Save(transformer, source.Schema, Model);
        var (expected, found) = (Embeddings(ScoringEngine.Torch), Embeddings(ScoringEngine.OnnxRuntime));
        var largest = expected.Zip(found).Max(pair => pair.First.Zip(pair.Second).Max(slot => Math.Abs(slot.First - slot.Second)));
        return largest <= Tolerance
            ? largest
            : throw new MeasurementException(string.Create(CultureInfo.InvariantCulture,
                $"ONNX Runtime's embeddings of {tower.Name} differ from torch's by up to {largest}; expected at most {Tolerance}."));

        List<float[]> Embeddings(ScoringEngine engine)
        {
            transformer.Scoring = new ScoringOptions { Engine = engine };
            return [.. transformer.Transform(source).GetColumn<float[]>(ScoringCase.Output)];
        }
    }

    /// <summary>Loads the saved model, with libtorch or as where there is none.</summary>
    public GentleClipTransformer Load(bool withTorch)
    {
        AppContext.SetSwitch(Switch, !withTorch);
        return (GentleClipTransformer)new MLContext(seed: 1).Model.Load(Model, out _);
    }
}
