using Microsoft.ML.GentleClip;
using ProteinTasks.Data;
using ProteinTasks.Pretraining;

namespace ProteinTasks.Tasks;

/// <summary>All figures of one method with one seed.</summary>
internal static class Measurement
{
    public const string SequenceToStructure = "sequence to structure", StructureToSequence = "structure to sequence";

    public static readonly int[] Ks = [1, 10];

    /// <summary>The name of a figure of recall.</summary>
    public static string Recall(string direction, int k) => FormattableString.Invariant($"{direction} R@{k}");

    /// <summary>The name of a figure of a label file.</summary>
    public static string FigureOf(LabelFile file) => $"{(file.IsSingle ? "accuracy" : "F-max")} {file.Name}";

    public static Dictionary<string, double> Measure(ProteinData data, Embeddings embeddings, int minimumPositives, Action<string> note,
        CancellationToken cancellation)
    {
        var figures = new Dictionary<string, double>();
        var features = ByKey(embeddings.Both);
        note("fold classifier");
        Add("", FoldTask.Classify(data.Domains, features));
        cancellation.ThrowIfCancellationRequested();
        note("nearest neighbours");
        Add("1-NN ", FoldTask.NearestNeighbour(data.Domains, features, cancellation));
        foreach (var file in data.LabelFiles)
        {
            note($"labels of {file.Name}");
            if (LabelTask.Measure(file, minimumPositives, features, cancellation) is { } figure)
                figures[FigureOf(file)] = figure;
            else
                note($"labels of {file.Name} have no figure: {LabelTask.Problem(file, minimumPositives)}");
        }
        if (embeddings.Structures.Length == 0)
            return figures;

        var (sequences, structures) = (ByKey(embeddings.Sequences), ByKey(embeddings.Structures));
        Add("1-NN sequence ", FoldTask.NearestNeighbour(data.Domains, sequences, cancellation));
        Add("1-NN structure ", FoldTask.NearestNeighbour(data.Domains, structures, cancellation));
        foreach (var (name, recall) in Retrieval(data, embeddings))
            figures[name] = recall;
        return figures;

        void Add(string prefix, Dictionary<string, double> accuracies)
        {
            foreach (var (test, accuracy) in accuracies)
                figures[prefix + test] = accuracy;
        }

        Dictionary<string, float[]> ByKey(float[][] rows) => Measurement.ByKey(data, rows);
    }

    /// <summary>Shares of the held-out chains whose other side is among the nearest of all; empty where none are held out.</summary>
    public static Dictionary<string, double> Retrieval(ProteinData data, Embeddings embeddings)
    {
        var figures = new Dictionary<string, double>();
        if (data.HeldOut.Length == 0)
            return figures;
        var (sequences, structures) = (ByKey(data, embeddings.Sequences), ByKey(data, embeddings.Structures));
        var retrieval = RetrievalMetrics.Evaluate(
            data.HeldOut.SelectMany(piece => sequences[piece.Key]).ToArray(), data.HeldOut.SelectMany(piece => structures[piece.Key]).ToArray(),
            data.HeldOut.Length, embeddings.Sequences[0].Length, Ks);
        foreach (int k in Ks)
            (figures[Recall(SequenceToStructure, k)], figures[Recall(StructureToSequence, k)]) = (retrieval.AToB.RecallAt(k), retrieval.BToA.RecallAt(k));
        return figures;
    }

    private static Dictionary<string, float[]> ByKey(ProteinData data, float[][] rows) =>
        data.Pieces.Zip(rows).ToDictionary(entry => entry.First.Key, entry => entry.Second);
}
