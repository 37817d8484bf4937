using System.Globalization;
using System.Runtime.InteropServices;
using Google.Protobuf;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Benchmarks;

/// <summary>Writes the MLP tower as ONNX: standardise, Gemm and Gelu a layer, projection head, LayerNormalization, unit length. Field numbers are those of onnx.proto3.</summary>
internal sealed class OnnxGraph
{
    public const string Input = "features", Output = "embedding";

    private const int Float = 1, IntegerAttribute = 2, FloatAttribute = 1; // TensorProto.DataType, AttributeProto.AttributeType
    private const long IrVersion = 9, Opset = 20; // the first with Gelu

    private readonly List<byte> _graph = [];
    private string _last = Input;
    private int _nodes;

    public static void Write(nn.Module tower, long features, long dimension, string file)
    {
        var graph = new OnnxGraph();
        using var scope = NewDisposeScope();
        foreach (var (name, value) in tower.state_dict())
            graph.Initializer(name, value);
        graph.Node("Sub", "encoder.input_mean");
        graph.Node("Mul", "encoder.input_scale");
        for (var layer = 0; tower.state_dict().ContainsKey(Invariant($"encoder.layers.{layer}.weight")); layer++)
        {
            graph.Linear(Invariant($"encoder.layers.{layer}"));
            graph.Node("Gelu");
        }
        var projected = graph.Linear("head.projection");
        graph.Node("Gelu");
        graph.Linear("head.fc");
        graph.Node("Add", projected);
        graph.Node("LayerNormalization", ["head.layer_norm.weight", "head.layer_norm.bias"], ("axis", -1L), ("epsilon", 1e-5f));
        graph.Node("LpNormalization", [], ("axis", 1L), ("p", 2L));
        graph.Node("Identity", [], output: Output);
        graph.Field(2, "tower");
        graph.Message(11, ValueInfo(Input, features));
        graph.Message(12, ValueInfo(Output, dimension));
        File.WriteAllBytes(file, Message(model =>
        {
            Integer(model, 1, IrVersion);
            Bytes(model, 7, [.. graph._graph]);
            Bytes(model, 8, Message(opset => Integer(opset, 2, Opset)));
        }));
    }

    private string Linear(string name) => Node("Gemm", [name + ".weight", name + ".bias"], ("transB", 1L));

    private string Node(string type, params string[] others) => Node(type, others, []);

    private string Node(string type, string[] others, params ReadOnlySpan<(string Name, object Value)> attributes) => Node(type, others, null, attributes);

    private string Node(string type, string[] others, string? output, params ReadOnlySpan<(string Name, object Value)> attributes)
    {
        var inputs = _last;
        _last = output ?? Invariant($"{type}{_nodes++}");
        var (result, encoded) = (_last, attributes.ToArray());
        Message(1, Message(node =>
        {
            foreach (var name in (string[])[inputs, .. others])
                Text(node, 1, name);
            Text(node, 2, result);
            Text(node, 4, type);
            foreach (var (name, value) in encoded)
                Bytes(node, 5, Attribute(name, value));
        }));
        return _last;
    }

    private static byte[] Attribute(string name, object value) => Message(attribute =>
    {
        Text(attribute, 1, name);
        if (value is float number)
        {
            attribute.WriteTag(2, WireFormat.WireType.Fixed32);
            attribute.WriteFloat(number);
        }
        else
            Integer(attribute, 3, (long)value);
        Integer(attribute, 20, value is float ? FloatAttribute : IntegerAttribute);
    });

    private void Initializer(string name, Tensor value)
    {
        var data = value.detach().cpu().contiguous();
        Message(5, Message(tensor =>
        {
            foreach (var size in data.shape)
                Integer(tensor, 1, size);
            Integer(tensor, 2, Float);
            Text(tensor, 8, name);
            Bytes(tensor, 9, MemoryMarshal.AsBytes<float>(data.data<float>().ToArray()).ToArray());
        }));
    }

    // name, type { tensor_type { elem_type, shape { dim { dim_param }, dim { dim_value } } } }
    private static byte[] ValueInfo(string name, long width) => Message(info =>
    {
        Text(info, 1, name);
        Bytes(info, 2, Message(type => Bytes(type, 1, Message(tensor =>
        {
            Integer(tensor, 1, Float);
            Bytes(tensor, 2, Message(shape =>
            {
                Bytes(shape, 1, Message(batch => Text(batch, 2, "batch")));
                Bytes(shape, 1, Message(size => Integer(size, 1, width)));
            }));
        }))));
    });

    private void Field(int number, string value) => Append(output => Text(output, number, value));

    private void Message(int number, byte[] value) => Append(output => Bytes(output, number, value));

    private void Append(Action<CodedOutputStream> write) => _graph.AddRange(Message(write));

    private static byte[] Message(Action<CodedOutputStream> write)
    {
        using var stream = new MemoryStream();
        using (var output = new CodedOutputStream(stream, leaveOpen: true))
            write(output);
        return stream.ToArray();
    }

    private static void Integer(CodedOutputStream output, int number, long value)
    {
        output.WriteTag(number, WireFormat.WireType.Varint);
        output.WriteInt64(value);
    }

    private static void Text(CodedOutputStream output, int number, string value)
    {
        output.WriteTag(number, WireFormat.WireType.LengthDelimited);
        output.WriteString(value);
    }

    private static void Bytes(CodedOutputStream output, int number, byte[] value)
    {
        output.WriteTag(number, WireFormat.WireType.LengthDelimited);
        output.WriteBytes(ByteString.CopyFrom(value));
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
