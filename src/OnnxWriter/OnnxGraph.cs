using System.Globalization;
using Google.Protobuf;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.OnnxWriter;

/// <summary>A graph under construction: inputs, nodes in the order of computation, constants, outputs.</summary>
/// <param name="weights">The tower's state by name; those that nodes ask for become constants of the graph.</param>
/// <param name="opset">Version of the operators; before 18 only those of matrices are written in their older form.</param>
internal sealed class OnnxGraph(IReadOnlyDictionary<string, GraphWeight> weights, int opset = OnnxOpset.Newest)
{
    /// <summary>Starts a graph of tensors, which must live until it is written.</summary>
    /// <inheritdoc cref="OnnxGraph(IReadOnlyDictionary{string, GraphWeight}, int)"/>
    public OnnxGraph(IReadOnlyDictionary<string, Tensor> weights, int opset = OnnxOpset.Newest) : this(GraphWeight.Of(weights), opset)
    {
    }

    private readonly Dictionary<string, OnnxTensor> _tensors = new(StringComparer.Ordinal);
    private readonly HashSet<string> _used = new(StringComparer.Ordinal);
    private readonly List<OnnxNode> _nodes = [];
    private readonly List<(int Field, byte[] Value)> _values = [];

    /// <summary>Version of the operators.</summary>
    public int Opset => opset;

    /// <summary>Whether axes are attributes, and Gelu and LayerNormalization no operators yet.</summary>
    public bool HasOldOperators => opset < 18;

    /// <summary>Constants in the order of their first use.</summary>
    public IReadOnlyCollection<OnnxTensor> Tensors => _tensors.Values;

    /// <summary>Nodes in the order of computation.</summary>
    public IReadOnlyList<OnnxNode> Nodes => _nodes;

    /// <summary>Encoded inputs and outputs with their fields of <c>GraphProto</c>.</summary>
    public IReadOnlyList<(int Field, byte[] Value)> Values => _values;

    /// <summary>Weights that no node asked for.</summary>
    public IEnumerable<string> UnusedWeights => weights.Keys.Where(name => !_used.Contains(name));

    /// <summary>
    /// What the names of inputs begin with that are declared from now on, and those of their sizes but for the batch: a graph may read two towers' inputs.
    /// </summary>
    public string InputPrefix { get; set; } = "";

    /// <summary>Declares an input.</summary>
    /// <param name="name">Its name, without <see cref="InputPrefix"/>.</param>
    /// <param name="type">Of its elements.</param>
    /// <param name="description">What it holds.</param>
    /// <param name="shape">A number, or the name of a size that may change from run to run.</param>
    /// <returns>Its name.</returns>
    public string Input(string name, OnnxType type, string description, params ReadOnlySpan<object> shape)
    {
        object[] sizes = [.. shape];
        for (var i = 0; i < sizes.Length; i++)
            if (sizes[i] is string symbol && symbol != OnnxNames.Batch)
                sizes[i] = InputPrefix + symbol;
        return Value(11, InputPrefix + name, type, description, sizes);
    }

    /// <summary>Declares an output.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="type">Of its elements.</param>
    /// <param name="description">What it holds.</param>
    /// <param name="shape">A number, or the name of a size that may change from run to run.</param>
    /// <returns><paramref name="name"/>.</returns>
    public string Output(string name, OnnxType type, string description, params ReadOnlySpan<object> shape) => Value(12, name, type, description, shape);

    /// <summary>Appends a node with one output, which gets a name of its own.</summary>
    /// <param name="operation">An operator of ONNX.</param>
    /// <param name="inputs">Values.</param>
    /// <param name="attributes">Integers, real numbers, texts or arrays of integers.</param>
    /// <returns>The output's name.</returns>
    public string Node(string operation, string[] inputs, params ReadOnlySpan<(string Name, object Value)> attributes) =>
        Node(operation, inputs, 1, attributes)[0];

    /// <summary>Appends a node with several outputs.</summary>
    /// <inheritdoc cref="Node(string, string[], ReadOnlySpan{ValueTuple{string, object}})"/>
    public string[] Node(string operation, string[] inputs, int outputs, params ReadOnlySpan<(string Name, object Value)> attributes)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"{operation}_{_nodes.Count}");
        string[] names = outputs == 1 ? [name] : [.. Enumerable.Range(0, outputs).Select(i => string.Create(CultureInfo.InvariantCulture, $"{name}_{i}"))];
        Append(operation, name, inputs, names, attributes);
        return names;
    }

    /// <summary>Gives a value the name of an output.</summary>
    public void Name(string value, string output) => Append("Identity", output, [value], [output]);

    /// <summary>A weight of the tower.</summary>
    public string Weight(string name) => Add(Take(name).Named(name));

    /// <summary>The transposed matrix of a weight.</summary>
    public string TransposedWeight(string name) => Add(Take(name).Named(name + ".transposed", transpose: true));

    /// <summary>A weight that nodes are built from; it need not become a constant.</summary>
    /// <exception cref="InvalidDataException">There is none of the name.</exception>
    public GraphWeight Take(string name)
    {
        _used.Add(name);
        return weights.TryGetValue(name, out var weight) ? weight : throw new InvalidDataException($"The weights lack '{name}'.");
    }

    /// <summary>Whether there is such a weight.</summary>
    public bool Has(string name) => weights.ContainsKey(name);

    /// <summary>A constant vector of integers.</summary>
    public string Integers(params long[] values) =>
        Add(OnnxTensor.Of($"integers.{string.Join('_', values.Select(value => value.ToString(CultureInfo.InvariantCulture)))}", OnnxType.Int64,
            [values.Length], values));

    /// <summary>A constant integer.</summary>
    public string Integer(long value) => Add(OnnxTensor.Of(string.Create(CultureInfo.InvariantCulture, $"integer.{value}"), OnnxType.Int64, [], [value]));

    /// <summary>A constant number.</summary>
    /// <param name="value">Its value.</param>
    /// <param name="type">Single or double.</param>
    public string Number(double value, OnnxType type = OnnxType.Single)
    {
        var text = value.ToString("R", CultureInfo.InvariantCulture);
        return type == OnnxType.Double ? Add(OnnxTensor.Of($"double.{text}", type, [], [value]))
            : Add(OnnxTensor.Of($"single.{text}", type, [], [(float)value]));
    }

    /// <summary>Constant float32 numbers under a name of their own.</summary>
    public string Numbers(string name, long[] shape, float[] values) => Add(OnnxTensor.Of(name, OnnxType.Single, shape, values));

    /// <summary>A constant that is no weight of the tower.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="value">What it holds.</param>
    public string Constant(string name, GraphWeight value) => Add(value.Named(name));

    /// <summary>Constant float64 numbers under a name of their own.</summary>
    public string Numbers(string name, long[] shape, double[] values) => Add(OnnxTensor.Of(name, OnnxType.Double, shape, values));

    private string Add(OnnxTensor tensor)
    {
        _tensors.TryAdd(tensor.Name, tensor);
        return tensor.Name;
    }

    private void Append(string operation, string name, string[] inputs, string[] outputs, params ReadOnlySpan<(string Name, object Value)> attributes) =>
        _nodes.Add(new OnnxNode(operation, name, inputs, outputs, [.. attributes]));

    private string Value(int field, string name, OnnxType type, string description, ReadOnlySpan<object> shape)
    {
        object[] sizes = [.. shape];
        _values.Add((field, ProtoMessage.Of(value =>
        {
            value.Text(1, name);
            value.Bytes(2, ProtoMessage.Of(any => any.Bytes(1, ProtoMessage.Of(tensor =>
            {
                tensor.Integer(1, (long)type);
                tensor.Bytes(2, ProtoMessage.Of(dimensions =>
                {
                    foreach (var size in sizes)
                        dimensions.Bytes(1, ProtoMessage.Of(dimension => Size(dimension, size)));
                }));
            }))));
            value.Text(3, description);
        })));
        return name;
    }

    private static void Size(CodedOutputStream dimension, object size)
    {
        if (size is string symbol)
            dimension.Text(2, symbol);
        else
            dimension.Integer(1, Convert.ToInt64(size, CultureInfo.InvariantCulture));
    }
}
