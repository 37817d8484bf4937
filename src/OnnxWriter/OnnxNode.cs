namespace Microsoft.ML.GentleClip.OnnxWriter;

/// <summary>A node of a graph.</summary>
/// <param name="Operation">An operator of ONNX.</param>
/// <param name="Name">Its name.</param>
/// <param name="Inputs">Names of the values it reads.</param>
/// <param name="Outputs">Names of the values it computes.</param>
/// <param name="Attributes">Integers, real numbers, texts or arrays of integers.</param>
internal sealed record OnnxNode(string Operation, string Name, string[] Inputs, string[] Outputs, (string Name, object Value)[] Attributes)
{
    /// <summary>The node as <c>NodeProto</c>.</summary>
    public byte[] Encode() => ProtoMessage.Of(node =>
    {
        foreach (var input in Inputs)
            node.Text(1, input);
        foreach (var output in Outputs)
            node.Text(2, output);
        node.Text(3, Name);
        node.Text(4, Operation);
        foreach (var (name, value) in Attributes)
            node.Bytes(5, Attribute(name, value));
    });

    private static byte[] Attribute(string name, object value) => ProtoMessage.Of(attribute =>
    {
        attribute.Text(1, name);
        switch (value)
        {
            case double number:
                attribute.Single(2, (float)number);
                attribute.Integer(20, 1);
                break;
            case int number:
                attribute.Integer(3, number);
                attribute.Integer(20, 2);
                break;
            case string text:
                attribute.Text(4, text);
                attribute.Integer(20, 3);
                break;
            case long[] numbers:
                foreach (var number in numbers)
                    attribute.Integer(8, number);
                attribute.Integer(20, 7);
                break;
            default:
                throw new ArgumentException($"Attribute {name}: expected a double, an int, a string or a long[], found {value.GetType().Name}.", nameof(value));
        }
    });
}
