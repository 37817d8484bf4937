using Microsoft.ML.Calibrators;
using Microsoft.ML.Data;
using Microsoft.ML.Model.OnnxConverter;
using Microsoft.ML.Trainers;

namespace Microsoft.ML.GentleClip.Interop;

/// <summary>The graph that ML.NET's own export (<c>mlContext.Model.ConvertToOnnx</c>) is building, with the columns that it has so far.</summary>
internal sealed class OnnxPipeline(OnnxContext context)
{
    /// <summary>Newest version of the operators that ML.NET's export writes, and the one it writes unless told otherwise.</summary>
    public const int Opset = 12;

    // Operators of the default domain.
    private const string Domain = "";

    /// <summary>The value that holds a column at this point of the pipeline.</summary>
    /// <exception cref="NotSupportedException">A step before could not be converted, so that nothing in the graph computes the column.</exception>
    public string Column(string name) => context.ContainsColumn(name)
        ? context.GetVariableName(name)
        : throw new NotSupportedException(
            $"The ONNX graph of the pipeline has no column '{name}', which a later step reads: the step that makes it cannot be converted to ONNX. "
            + "Convert from data that have the column already.");

    /// <summary>Starts a column; one of the same name is hidden from now on.</summary>
    /// <returns>The value that a node must compute.</returns>
    public string AddColumn(string name, DataViewType type) => context.AddIntermediateVariable(type, name);

    /// <summary>A new value between nodes.</summary>
    public string AddValue(string name) => context.AddIntermediateVariable(null, Free(name), skip: true);

    /// <summary>A constant: float32, float64, int64 or text.</summary>
    /// <param name="name">What to call it.</param>
    /// <param name="shape">Its sizes; none for a single number.</param>
    /// <param name="values">The values, row-major.</param>
    public string AddConstant(string name, long[] shape, Array values) => values switch
    {
        float[] { Length: 1 } numbers when shape.Length == 0 => context.AddInitializer(numbers[0], Free(name)),
        double[] { Length: 1 } numbers when shape.Length == 0 => context.AddInitializer(numbers[0], Free(name)),
        long[] { Length: 1 } numbers when shape.Length == 0 => context.AddInitializer(numbers[0], Free(name)),
        float[] numbers => context.AddInitializer(numbers, shape, Free(name)),
        double[] numbers => context.AddInitializer(numbers, shape, Free(name)),
        long[] numbers => context.AddInitializer(numbers, shape, Free(name)),
        string[] texts => context.AddInitializer(texts, shape, Free(name)),
        _ => throw new ArgumentException($"Expected float[], double[], long[] or string[], found {values.GetType().Name}.", nameof(values)),
    };

    /// <summary>Appends a node.</summary>
    /// <param name="operation">An operator that <see cref="Opset"/> has.</param>
    /// <param name="name">What to call it.</param>
    /// <param name="inputs">Values.</param>
    /// <param name="outputs">What it computes, of <see cref="AddColumn"/> or <see cref="AddValue"/>.</param>
    /// <param name="attributes">Integers, real numbers, texts or arrays of integers.</param>
    public void AddNode(
        string operation, string name, IEnumerable<string> inputs, IEnumerable<string> outputs, IEnumerable<(string Name, object Value)> attributes)
    {
        var node = context.CreateNode(operation, inputs, outputs, context.GetNodeName(name), Domain);
        foreach (var (attribute, value) in attributes)
        {
            switch (value)
            {
                case double number:
                    node.AddAttribute(attribute, number);
                    break;
                case int number:
                    node.AddAttribute(attribute, (long)number);
                    break;
                case string text:
                    node.AddAttribute(attribute, text);
                    break;
                case long[] numbers:
                    node.AddAttribute(attribute, numbers);
                    break;
                default:
                    throw new ArgumentException(
                        $"Attribute {attribute}: expected a double, an int, a string or a long[], found {value.GetType().Name}.", nameof(attributes));
            }
        }
    }

    /// <summary>Whether a trained model of ML.NET's, and its calibrator if it has one, can write themselves.</summary>
    public bool CanAdd(BinaryModel model) =>
        // A prior reads the label, not the features, and its nodes are for truth values only.
        model.Mapper is ISingleCanSaveOnnx mapper and not PriorModelParameters && mapper.CanSaveOnnx(context)
        && (model.Mapper is not IWeaklyTypedCalibratedModelParameters calibrated
            || (calibrated.WeaklyTypedCalibrator is ISingleCanSaveOnnx calibrator && calibrator.CanSaveOnnx(context)));

    /// <summary>Lets a trained model of ML.NET's write itself.</summary>
    /// <param name="model">A model that <see cref="CanAdd"/>.</param>
    /// <param name="features">Value of the features, <c>[batch, width]</c>.</param>
    /// <param name="score">Receives the score, <c>[batch, 1]</c>.</param>
    /// <param name="probability">Receives the probability, <c>[batch, 1]</c>, where the model has one.</param>
    public void AddModel(BinaryModel model, string features, string score, string probability)
    {
        // As ML.NET's binary scorer asks: first the predicted label, which only the scorer itself fills.
        var label = AddValue(score + ".label");
        ((ISingleCanSaveOnnx)model.Mapper).SaveAsOnnx(context, model.HasProbability ? [label, score, probability] : [label, score], features);
    }

    /// <summary>Refuses a version of the operators that is too old, in ML.NET's words.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The caller of the export asked for an older version.</exception>
    public void CheckOpset(int oldest, string step) => context.CheckOpSetVersion(oldest, step);

    // ML.NET keeps values and columns in one table: a value must not take the place of a column.
    private string Free(string name)
    {
        var free = name;
        for (var i = 1; context.ContainsColumn(free) || context.IsVariableDefined(free); i++)
            free = FormattableString.Invariant($"{name}_{i}");
        return free;
    }
}
