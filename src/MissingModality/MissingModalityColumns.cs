using System.Numerics;
using Microsoft.ML.Data;
using Microsoft.ML.GentleClip.Interop;
using Microsoft.ML.GentleClip.Runtime;

namespace Microsoft.ML.GentleClip.MissingModality;

/// <summary>Vector columns whose absent rows are vectors of NaNs.</summary>
internal sealed class MissingModalityColumns : AppendedColumns
{
    /// <summary>The accepted types, in words.</summary>
    public const string ExpectedType = "a vector of numbers or Booleans of known size, or of variable size where a size was given";

    private static readonly long[] Slots = [1]; // the axis of a row's slots
    private static readonly float[] Half = [0.5f];
    private readonly IReadOnlyList<MissingModalityColumn> _columns;
    private readonly DataViewSchema.Column[] _inputs;

    private MissingModalityColumns(IReadOnlyList<MissingModalityColumn> columns, DataViewSchema.Column[] inputs) : base(inputs)
    {
        (_columns, _inputs) = (columns, inputs);
        Outputs = [.. columns.Zip(inputs, Output)];
    }

    /// <inheritdoc/>
    protected override DataViewSchema.DetachedColumn[] Outputs { get; }

    /// <summary>Binds to the columns of a schema.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or of another type or size than in training.</exception>
    public static MissingModalityColumns Bind(IReadOnlyList<MissingModalityColumn> columns, DataViewSchema schema)
    {
        var inputs = columns.Select(column =>
        {
            var input = Find(schema, column.Input);
            var vector = (VectorDataViewType)input.Type;
            return !vector.IsKnownSize || vector.Size == column.Size
                ? input
                : throw SchemaErrors.Mismatch("input", column.Input, $"{column.Size} slots as in training", $"{input.Type}");
        });
        return new(columns, [.. inputs]);
    }

    /// <summary>Finds a column that can be read.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is missing or of another type.</exception>
    public static DataViewSchema.Column Find(DataViewSchema schema, string name)
    {
        var input = schema.GetColumnOrNull(name) ?? throw SchemaErrors.Missing("input", name, schema);
        return input.Type is VectorDataViewType vector && Accepts(vector.ItemType)
            ? input
            : throw SchemaErrors.Mismatch("input", name, ExpectedType, SchemaErrors.Describe(input.Type));
    }

    /// <summary>Whether slots of a type are read.</summary>
    public static bool Accepts(DataViewType item) => NumberTypes.IsNumber(item) || item is BooleanDataViewType;

    /// <summary>The type of the slots that are written: as read, and Single where that has no NaN.</summary>
    public static PrimitiveDataViewType ItemType(DataViewType item) =>
        item == NumberDataViewType.Double ? NumberDataViewType.Double : NumberDataViewType.Single;

    /// <inheritdoc/>
    protected override bool DependsOn(int output, int input) => output == input;

    /// <inheritdoc/>
    protected override Delegate?[] CreateGetters(DataViewRow row, Func<int, bool> isActive) =>
        [.. _columns.Select((column, number) => isActive(number) ? Getter(row, _inputs[number], column) : null)];

    /// <inheritdoc/>
    protected override void CheckOnnx(OnnxPipeline pipeline)
    {
        foreach (var input in _inputs)
        {
            var vector = (VectorDataViewType)input.Type;
            if (!vector.IsKnownSize || vector.Dimensions.Length != 1 || vector.ItemType is BooleanDataViewType)
                throw new NotSupportedException(
                    $"Column '{input.Name}' of MarkMissingModality cannot be part of an ONNX graph: expected a vector of numbers of known size, found "
                        + $"{input.Type}. "
                    + "Convert from data that have been marked already.");
        }
    }

    /// <inheritdoc/>
    protected override void SaveOnnx(OnnxPipeline pipeline)
    {
        for (var number = 0; number < _columns.Count; number++)
            Append(pipeline, _columns[number], _inputs[number], Outputs[number]);
    }

    // A slot is replaced where it is NaN and its row is not NaN throughout.
    private static void Append(OnnxPipeline pipeline, MissingModalityColumn column, DataViewSchema.Column input, DataViewSchema.DetachedColumn output)
    {
        const int single = 1;
        var name = column.Output;
        var read = ((VectorDataViewType)input.Type).ItemType;
        var isDouble = read == NumberDataViewType.Double;
        var values = pipeline.Column(column.Input);
        if (!isDouble && read != NumberDataViewType.Single)
            values = Node("Cast", [values], ("to", single));
        if (column.Fill is null)
        {
            pipeline.AddNode("Identity", $"{name}.Identity", [values], [pipeline.AddColumn(name, output.Type)], []);
            return;
        }
        var missing = Node("IsNaN", [values]);
        var all = Node("ReduceMin", [Node("Cast", [missing], ("to", single))], ("axes", Slots), ("keepdims", 1));
        var present = Node("Less", [all, pipeline.AddConstant($"{name}.half", [], Half)]);
        var replaced = Node("And", [missing, present]);
        long[] shape = [1, column.Fill.Length];
        var fill = pipeline.AddConstant($"{name}.fill", shape, isDouble ? column.Fill : Array.ConvertAll(column.Fill, value => (float)value));
        pipeline.AddNode("Where", $"{name}.Where", [replaced, fill, values], [pipeline.AddColumn(name, output.Type)], []);

        string Node(string operation, string[] inputs, params (string Name, object Value)[] attributes)
        {
            var value = pipeline.AddValue($"{name}.{operation}");
            pipeline.AddNode(operation, $"{name}.{operation}", inputs, [value], attributes);
            return value;
        }
    }

    private static DataViewSchema.DetachedColumn Output(MissingModalityColumn column, DataViewSchema.Column input)
    {
        var vector = (VectorDataViewType)input.Type;
        var item = ItemType(vector.ItemType);
        var type = vector.IsKnownSize ? new VectorDataViewType(item, vector.Dimensions) : new VectorDataViewType(item, column.Size);
        return new(column.Output, type, SlotNames.ToAnnotations(SlotNames.Of(input, column.Size)));
    }

    private static Delegate Getter(DataViewRow row, DataViewSchema.Column input, MissingModalityColumn column)
    {
        var item = ((VectorDataViewType)input.Type).ItemType;
        if (item == NumberDataViewType.Double)
            return new Filler<double, double>(row, input, column).Getter;
        return item is BooleanDataViewType ? new Filler<byte, float>(row, input, column).Getter : NumberTypes.Visit(item, new ToSingle(row, input, column));
    }

    private sealed class ToSingle(DataViewRow row, DataViewSchema.Column input, MissingModalityColumn column) : INumberVisitor<Delegate>
    {
        public Delegate Visit<T>() where T : struct, INumber<T> => new Filler<T, float>(row, input, column).Getter;
    }

    /// <summary>Computes the value of one column for one thread.</summary>
    private sealed class Filler<TIn, TOut>(DataViewRow row, DataViewSchema.Column input, MissingModalityColumn column)
        where TIn : struct, INumber<TIn> where TOut : struct, INumber<TOut>, IFloatingPointIeee754<TOut>
    {
        private readonly ValueGetter<VBuffer<TIn>> _read = NumberTypes.VectorGetter<TIn>(row, input);
        private VBuffer<TIn> _source;

        public ValueGetter<VBuffer<TOut>> Getter => Write;

        private void Write(ref VBuffer<TOut> target)
        {
            _read(ref _source);
            if (_source.Length != 0 && _source.Length != column.Size)
                throw RowErrors.WrongLength(row.Position, input.Name, _source.Length, column.Size);
            var values = _source.GetValues();
            var missing = Missing(values);
            if (missing == column.Size || _source.Length == 0)
            {
                var absent = VBufferEditor.Create(ref target, column.Size);
                absent.Values.Fill(TOut.NaN);
                target = absent.Commit();
                return;
            }
            var editor = VBufferEditor.Create(ref target, column.Size, values.Length);
            var indices = _source.GetIndices();
            if (!_source.IsDense)
                indices.CopyTo(editor.Indices);
            for (var i = 0; i < values.Length; i++)
                editor.Values[i] = missing > 0 && column.Fill is not null && TIn.IsNaN(values[i])
                    ? TOut.CreateTruncating(column.ValueOf(_source.IsDense ? i : indices[i]))
                    : TOut.CreateTruncating(values[i]);
            target = editor.Commit();
        }

        private static int Missing(ReadOnlySpan<TIn> values)
        {
            var count = 0;
            foreach (var value in values)
                count += TIn.IsNaN(value) ? 1 : 0;
            return count;
        }
    }
}
