using Microsoft.ML.OnnxRuntime.Tensors;

namespace Microsoft.ML.GentleClip.OnnxEncoders;

/// <summary>Finds the inputs and outputs of a graph that a modality needs; errors name file, port, expected and found.</summary>
internal sealed class GraphReading
{
    private readonly string _file, _column;
    private readonly Action<string> _note;

    /// <summary>Reads a graph's ports.</summary>
    public GraphReading(OnnxSession session, string file, string column, Action<string> note)
    {
        (_file, _column, _note) = (file, column, note);
        Inputs = GraphPort.Of(session.Session.InputMetadata);
        Outputs = GraphPort.Of(session.Session.OutputMetadata);
    }

    /// <summary>What the graph takes.</summary>
    public IReadOnlyList<GraphPort> Inputs { get; }

    /// <summary>What it gives.</summary>
    public IReadOnlyList<GraphPort> Outputs { get; }

    /// <summary>The input that settings name; else the only one, or the only one that fits.</summary>
    public GraphPort Input(string? name, string what, int rank, IReadOnlyList<TensorElementType> types)
    {
        var input = name is null ? Only(what, rank, types) : Named(Inputs, name, "input");
        if (!input.IsTensor || input.Rank != rank || !types.Contains(input.Type))
            throw Problem($"input {input} cannot take {what}; expected {rank} dimensions of {string.Join(", ", types)}");
        return input;
    }

    /// <summary>The output that settings name; else the only one, or the first of some names, or the first that fits.</summary>
    public GraphPort Output(string? name, IReadOnlyList<string> usual, IReadOnlyList<int> ranks)
    {
        var output = name is not null ? Named(Outputs, name, "output") : Outputs.Count == 1 ? Outputs[0]
            : usual.Select(known => Outputs.FirstOrDefault(port => port.Name == known)).OfType<GraphPort>().FirstOrDefault(Fits)
            ?? Outputs.FirstOrDefault(Fits) ?? Outputs[0];
        if (!Fits(output))
            throw Problem($"output {output} cannot be features; expected {string.Join(" or ", ranks)} dimensions of {string.Join(", ", OnnxArray.Numbers)}"
                + $"; the outputs are {List(Outputs)}");
        if (name is null && Outputs.Count > 1)
            _note($"{_file}: of the outputs {List(Outputs)} took '{output.Name}'; {nameof(IOnnxEncoderOptions.OutputName)} takes another");
        return output;

        bool Fits(GraphPort port) => port.IsTensor && ranks.Contains(port.Rank) && OnnxArray.Numbers.Contains(port.Type);
    }

    /// <summary>Refuses inputs that nothing is known to go into.</summary>
    public void Refuse(IEnumerable<string?> known, string what)
    {
        var others = Inputs.Where(input => !known.Contains(input.Name)).ToList();
        if (others.Count > 0)
            throw Problem($"the graph also takes {List(others)}, for which {what} give nothing; export the part of the model that takes {what} alone");
    }

    /// <summary>The error for a graph that cannot be used.</summary>
    public InvalidDataException Problem(string problem) => new($"{_file} of column '{_column}': {problem}.");

    private GraphPort Only(string what, int rank, IReadOnlyList<TensorElementType> types)
    {
        var fitting = Inputs.Where(input => input.IsTensor && input.Rank == rank && types.Contains(input.Type)).ToList();
        return fitting.Count == 1 ? fitting[0]
            : throw Problem($"expected one input for {what}, of {rank} dimensions and {string.Join(", ", types)}; the inputs are {List(Inputs)}"
                + (fitting.Count > 1 ? $"; set {nameof(IOnnxEncoderOptions.InputName)}" : ""));
    }

    private GraphPort Named(IReadOnlyList<GraphPort> ports, string name, string what) => ports.FirstOrDefault(port => port.Name == name)
        ?? throw Problem($"there is no {what} '{name}'; the {what}s are {List(ports)}");

    private static string List(IEnumerable<GraphPort> ports) => string.Join(", ", ports);
}
