using Microsoft.ML.GentleClip.Onnx;

namespace Microsoft.ML.GentleClip.Reliability;

/// <summary>Sound models to break, trained for a moment, once for all formats that begin with one.</summary>
internal static class SmallModels
{
    private static readonly MLContext Context = new(seed: 1);

    private static readonly Lazy<IReadOnlyList<SmallModel>> Trained = new(() => [.. new[] { "vectors", "proteins", "pictures" }.Select(Train)]);

    public static IReadOnlyList<SmallModel> All => Trained.Value;

    private static SmallModel Train(string name)
    {
        var training = KillTraining.Named(name);
        var rows = training.Rows(Context);
        var options = training.Options();
        (options.MaximumNumberOfSteps, options.Checkpoints.Directory) = (2, null);
        (options.Validation.Fraction, options.Validation.GuardUnpairedObjectives) = (0, false);
        if (name == "vectors")
            (options.ModalityA, options.ModalityB) = (Modality.Vector("EmbeddingA", "A", Small), Modality.Vector("EmbeddingB", "B", Small));
        using var model = Context.Transforms.GentleClip(options).Fit(rows);
        using var file = new MemoryStream();
        Context.Model.Save(model, rows.Schema, file);
        return new SmallModel(Context.Data.TakeRows(rows, 3), file.ToArray(), Zips.Read(file.ToArray()),
            [TowerMetadata.Of(model.Model.Spec, Side.A), TowerMetadata.Of(model.Model.Spec, Side.B)]);
    }

    private static VectorEncoderOptions Small => new() { HiddenDimensions = [8] };
}

/// <summary>A saved model.</summary>
/// <param name="Rows">A few that it scores.</param>
/// <param name="File">As ML.NET saves it.</param>
/// <param name="Members">The entries of that zip file.</param>
/// <param name="Towers">What an export to ONNX would say of each tower.</param>
internal sealed record SmallModel(IDataView Rows, byte[] File, (string Name, byte[] Content)[] Members, SortedDictionary<string, string>[] Towers);
