using Microsoft.ML.GentleClip.Alignment;
using Microsoft.ML.GentleClip.OnnxWriter;

namespace Microsoft.ML.GentleClip.Onnx;

/// <summary>One side of a closed-form alignment, in float64 as in <see cref="SideAlignment"/>, from its saved state.</summary>
internal sealed class AlignmentNodes
{
    private readonly OnnxGraph _graph;
    private readonly Dictionary<string, GraphWeight> _state;
    private readonly double[] _numbers;

    /// <summary>Takes the state of a side.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="state">What <see cref="ClosedFormAlignment.GetState"/> gives.</param>
    /// <param name="side">The side.</param>
    public AlignmentNodes(OnnxGraph graph, IReadOnlyDictionary<string, GraphWeight> state, Side side)
    {
        var prefix = side == Side.A ? "a." : "b.";
        _graph = graph;
        _state = state.Where(entry => entry.Key.StartsWith(prefix, StringComparison.Ordinal)).ToDictionary(entry => entry.Key[prefix.Length..],
            entry => entry.Value);
        _numbers = Values("numbers");
    }

    private double Bandwidth => _numbers[1];

    /// <summary>Unit rows <c>[batch, width]</c>, float32, of vectors <c>[batch, dimension]</c>, float32.</summary>
    public string Append(string vectors)
    {
        var rows = _graph.Cast(vectors, OnnxType.Double);
        var prepared = _graph.MatrixProduct(_graph.Subtract(rows, Constant("mean")), Constant("basis"));
        var embeddings = Recipe(prepared);
        if (_state.ContainsKey("spectral.bank"))
            embeddings = Unit(_graph.Concatenate(1, embeddings, Weighted(Spectral(prepared), _numbers[4])));
        if (_state.ContainsKey("smoothing.bank"))
            embeddings = Smoothed(embeddings, prepared);
        return _graph.Cast(Finished(embeddings), OnnxType.Single);
    }

    private string Recipe(string prepared)
    {
        var parts = new List<string>();
        AddParts(parts, prepared, "", _numbers[2], _numbers[3]);
        if (_state.ContainsKey("transport.numbers") && Values("transport.numbers") is var weights)
            AddParts(parts, prepared, "transport.", weights[0], weights[1]);
        return Unit(parts.Count == 1 ? parts[0] : _graph.Concatenate(1, [.. parts]));
    }

    private void AddParts(List<string> parts, string prepared, string part, double linearWeight, double kernelWeight)
    {
        if (State(part + "linear").Shape[1] > 0)
            parts.Add(Weighted(_graph.Subtract(_graph.MatrixProduct(prepared, Constant(part + "linear")), Constant(part + "linear.bias")), linearWeight));
        if (State(part + "kernel").Shape[1] > 0)
        {
            var kernel = _graph.Node("Exp", [_graph.Multiply(SquaredDistances(prepared, part + "anchors"), Number(-1 / Bandwidth))]);
            parts.Add(Weighted(_graph.Subtract(_graph.MatrixProduct(kernel, Constant(part + "kernel")), Constant(part + "kernel.bias")), kernelWeight));
        }
    }

    private string Spectral(string prepared)
    {
        var (distances, numbers) = Nearest(prepared, "spectral.bank", (int)_numbers[5]);
        var kept = Kept("spectral.bank", (int)_numbers[5]);
        var scales = _graph.Node("Max", [_graph.Node("Sqrt", [_graph.Slice(distances, kept - 1, kept, 1)]), Number(SpectralGraph.SmallestScale)]);
        var weights = _graph.Divide(_graph.Node("Neg", [distances]), _graph.Multiply(scales, _graph.Gather(Constant("spectral.scales"), numbers)));
        var coordinates = WeightedRows(_graph.Node("Softmax", [weights], ("axis", 1)), "spectral.coordinates", numbers);
        return _graph.Subtract(_graph.MatrixProduct(coordinates, Constant("spectral.map")), Constant("spectral.bias"));
    }

    private string Smoothed(string embeddings, string prepared)
    {
        var (_, numbers) = Nearest(prepared, "smoothing.bank", (int)_numbers[7]);
        var mean = _graph.Mean(_graph.Gather(Constant("smoothing.embeddings"), numbers), keep: false, 1);
        return Unit(_graph.Add(embeddings, _graph.Multiply(mean, Number(_numbers[6]))));
    }

    // Cut or padded, and a direction for rows that have none: the first axis.
    private string Finished(string embeddings)
    {
        var width = (int)_numbers[0];
        string[] maps = ["linear", "kernel", "transport.linear", "transport.kernel", "spectral.map"];
        var natural = maps.Sum(name => _state.TryGetValue(name, out var map) ? map.Shape[1] : 0);
        if (_state.ContainsKey("cut"))
            embeddings = Unit(_graph.MatrixProduct(embeddings, Constant("cut")));
        else if (width > natural)
            embeddings = _graph.Node("Pad", [embeddings, _graph.Integers(0, 0, 0, width - natural), Number(0)]);
        var none = _graph.Node("Equal", [_graph.Sum(_graph.Multiply(embeddings, embeddings), 1), Number(0)]);
        var axis = new double[width];
        axis[0] = 1;
        return _graph.Where(none, _graph.Numbers("teacher.first_axis", [1, width], axis), embeddings);
    }

    // As Neighbours.Nearest: one more than needed, of which the row itself falls away, else the last.
    private (string Distances, string Numbers) Nearest(string prepared, string bank, int count)
    {
        var kept = Kept(bank, count);
        var nearest = _graph.Node("TopK", [SquaredDistances(prepared, bank), _graph.Integers(kept + 1)], 2, ("axis", 1), ("largest", 0), ("sorted", 1));
        var lengths = _graph.Sum(_graph.Multiply(prepared, prepared), 1);
        var tolerance = _graph.Multiply(_graph.Node("Max", [lengths, Number(1)]), Number(Neighbours.SameRow));
        var isItself = _graph.Node("LessOrEqual", [_graph.Slice(nearest[0], 0, 1, 1), tolerance]);
        var order = _graph.Add(_graph.Integers([.. Enumerable.Range(0, kept).Select(i => (long)i)]), _graph.Cast(isItself, OnnxType.Int64));
        return (_graph.Node("GatherElements", [nearest[0], order], ("axis", 1)), _graph.Node("GatherElements", [nearest[1], order], ("axis", 1)));
    }

    private int Kept(string bank, int count) => (int)Math.Min(count, State(bank).Shape[0] - 1);

    // As Pairwise.SquaredDistances.
    private string SquaredDistances(string rows, string bank)
    {
        var (count, width) = ((int)State(bank).Shape[0], (int)State(bank).Shape[1]);
        var values = Values(bank);
        var (center, lengths, turned) = (new double[width], new double[count], new double[values.Length]);
        for (var i = 0; i < values.Length; i++)
            center[i % width] += values[i] / count;
        for (var i = 0; i < values.Length; i++)
        {
            var centered = values[i] - center[i % width];
            lengths[i / width] += centered * centered;
            turned[(long)(i % width) * count + i / width] = centered;
        }
        var (x, y) = (_graph.Subtract(rows, _graph.Numbers($"teacher.{bank}.center", [1, width], center)),
            _graph.Numbers($"teacher.{bank}.centered", [width, count], turned));
        var sums = _graph.Add(_graph.Sum(_graph.Multiply(x, x), 1), _graph.Numbers($"teacher.{bank}.lengths", [1, count], lengths));
        return _graph.Node("Max", [_graph.Subtract(sums, _graph.Multiply(_graph.MatrixProduct(x, y), Number(2))), Number(0)]);
    }

    private string WeightedRows(string weights, string rows, string numbers) =>
        _graph.Squeeze(_graph.MatrixProduct(_graph.Unsqueeze(weights, 1), _graph.Gather(Constant(rows), numbers)), 1);

    private string Weighted(string rows, double weight) => _graph.Multiply(Unit(rows), Number(Math.Sqrt(weight)));

    // As Rows.Unit: rows without a direction become zero.
    private string Unit(string rows)
    {
        var length = _graph.Node("Sqrt", [_graph.Sum(_graph.Multiply(rows, rows), 1)]);
        var isShort = _graph.Node("LessOrEqual", [length, Number(Rows.SmallestNorm)]);
        return _graph.Divide(rows, _graph.Where(isShort, Number(double.PositiveInfinity), length));
    }

    private string Number(double value) => _graph.Number(value, OnnxType.Double);

    private string Constant(string name) => _graph.Constant("teacher." + name, State(name));

    private double[] Values(string name) => State(name).ToDoubles(name);

    private GraphWeight State(string name) =>
        _state.TryGetValue(name, out var weight) ? weight : throw new InvalidDataException($"The saved alignment lacks tensor '{name}'.");
}
