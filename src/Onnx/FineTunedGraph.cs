using Microsoft.ML.GentleClip.Encoders;
using Microsoft.ML.GentleClip.Models;
using Microsoft.ML.GentleClip.OnnxWriter;

namespace Microsoft.ML.GentleClip.Onnx;

/// <summary>Builds what a fine-tuned model's columns compute as a graph: encoders, features side by side, head.</summary>
internal static class FineTunedGraph
{
    /// <summary>What the names of a side's inputs begin with.</summary>
    public static string InputPrefix(Side side) => side == Side.A ? "a_" : "b_";

    /// <summary>Why a model cannot be part of the graph of a whole pipeline, in sentences; null where it can.</summary>
    public static string? PipelineObstacle(FineTunedModel model)
    {
        foreach (var (side, tower) in model.Towers)
        {
            var modality = model.SpecOf(side).Modality;
            if (tower.OnnxObstacle is { } obstacle)
                return $"{obstacle}.";
            if (EncoderKinds.Of(modality).Preprocessing is { } preparation)
                return $"{preparation} outside of ONNX (input '{modality.InputColumnName}'). mlContext.Model.ConvertGentleClipFineTuningToOnnx writes the "
                    + $"model alone, and {nameof(OnnxPreprocessor)} prepares the inputs of that file.";
        }
        return null;
    }

    /// <summary>The graph. What it needs belongs to the open dispose scope, which must last until the graph is written.</summary>
    /// <param name="model">The model.</param>
    /// <param name="opset">Version of the operators; an older one than the newest only for vectors.</param>
    /// <param name="forMlNet">Whether predicted classes are keys of ML.NET, uint32 <c>[batch, 1]</c>; else int64.</param>
    /// <exception cref="NotSupportedException">An encoder is of a kind that cannot be written.</exception>
    public static OnnxGraph Build(FineTunedModel model, int opset = OnnxOpset.Newest, bool forMlNet = false)
    {
        var graph = new OnnxGraph(model.state_dict(), opset);
        string[] features = [.. model.Towers.Select(side => Features(graph, model.SpecOf(side.Side), side.Side, side.Tower))];
        var x = features.Length == 1 ? features[0] : graph.Concatenate(1, features);
        x = graph.Multiply(graph.Subtract(x, graph.Weight("feature_mean")), graph.Weight("feature_scale"));
        x = graph.Linear(x, "head");
        var label = model.Spec.Label;
        switch (label.Task)
        {
            case FineTuningTask.Multiclass:
                var probabilities = graph.Node("Softmax", [x], ("axis", 1));
                Output(OnnxNames.Score, probabilities, OnnxType.Single, "probabilities of the classes", label.Count);
                var best = graph.Add(graph.Node("ArgMax", [probabilities], ("axis", 1), ("keepdims", 1)), graph.Integer(1));
                var isAbsent = graph.Node("IsNaN", [graph.Sum(probabilities, 1)]);
                best = graph.Where(isAbsent, graph.Integer(0), best);
                Output(OnnxNames.PredictedLabel, forMlNet ? graph.Cast(best, OnnxType.UInt32) : best, forMlNet ? OnnxType.UInt32 : OnnxType.Int64,
                    "number of the most probable class, from 1; 0 where there is none", 1);
                break;
            case FineTuningTask.Regression:
                var number = graph.Add(graph.Multiply(x, graph.Weight("label_scale")), graph.Weight("label_mean"));
                Output(OnnxNames.Score, number, OnnxType.Single, "the number", 1);
                break;
            default:
                Output(OnnxNames.Score, x, OnnxType.Single, "log odds", label.Count);
                Output(OnnxNames.Probability, graph.Node("Sigmoid", [x]), OnnxType.Single, "probabilities", label.Count);
                if (label.Task == FineTuningTask.Binary)
                    Output(OnnxNames.PredictedLabel, graph.Node("Greater", [x, graph.Number(0)]), OnnxType.Boolean, "whether it is more probable than not", 1);
                break;
        }
        var unused = graph.UnusedWeights.ToList();
        return unused.Count == 0 ? graph
            : throw new InvalidOperationException($"The graph of the fine-tuned model leaves out weights: {string.Join(", ", unused)}.");

        void Output(string name, string value, OnnxType type, string description, int width)
        {
            graph.Name(value, name);
            graph.Output(name, type, description, OnnxNames.Batch, width);
        }
    }

    private static string Features(OnnxGraph graph, TowerSpec spec, Side side, Tower tower)
    {
        var modality = spec.Modality;
        if (tower.OnnxObstacle is { } obstacle)
            throw new NotSupportedException($"The encoder of column '{modality.InputColumnName}' cannot be exported: {obstacle}.");
        graph.InputPrefix = InputPrefix(side);
        var vectors = modality is VectorModality
            ? graph.Input(OnnxNames.Features, OnnxType.Single, "feature vectors; NaN in every slot for one that is missing", OnnxNames.Batch,
                spec.InputDimension)
            : null;
        var features = EncoderKinds.Find(modality)?.AppendFeatures(graph, modality, vectors, $"tower_{(side == Side.A ? "a" : "b")}.encoder.")
            ?? throw new NotSupportedException(
                $"The encoder of column '{modality.InputColumnName}' ({modality.EncoderOptions.GetType().Name}) cannot be written as ONNX.");
        // Rows that are not finite have no score: v - v is NaN there, and 0 elsewhere.
        return vectors is null ? features : graph.Add(features, graph.Sum(graph.Subtract(vectors, vectors), 1));
    }
}
