using System.Globalization;
using Microsoft.ML.Data;
using Microsoft.ML.GentleClip.Evaluation;
using Microsoft.ML.GentleClip.Interop;
using Microsoft.ML.GentleClip.Models;

namespace Microsoft.ML.GentleClip.Trainers.FineTuning;

/// <summary>Reads the labels of a fine-tuning as numbers: a class's number, 0 or 1, NaN for a label that is not known, or the number itself.</summary>
internal abstract class FineTuningLabels
{
    private FineTuningLabels(DataViewSchema.Column column, LabelSpec spec) => (Column, Spec) = (column, spec);

    /// <summary>The column.</summary>
    public DataViewSchema.Column Column { get; }

    /// <summary>What is predicted from it.</summary>
    public LabelSpec Spec { get; }

    /// <summary>What is guessed about the labels, as a sentence; null for nothing.</summary>
    public string? Remark { get; private set; }

    /// <summary>Why <see cref="Read"/> found none, in words, as the end of "rows are left out: ".</summary>
    public virtual string Missing => $"column '{Column.Name}' has no label there";

    /// <summary>Opens the getter of a cursor.</summary>
    public abstract void Open(DataViewRow row);

    /// <summary>Reads the current row's label; null where it is missing.</summary>
    /// <exception cref="InvalidOperationException">It cannot be used; the message names row and column.</exception>
    public abstract float[]? Read(long row, string rowName);

    /// <summary>Finds the label column and checks its type.</summary>
    /// <param name="task">What is predicted.</param>
    /// <param name="name">Name of the column.</param>
    /// <param name="schema">Where to look.</param>
    /// <param name="training">The labels that a model is trained on, for rows to validate on; null for those that are trained on.</param>
    /// <exception cref="ArgumentOutOfRangeException">It is missing or of another type.</exception>
    public static FineTuningLabels Bind(FineTuningTask task, string name, DataViewSchema schema, LabelSpec? training = null)
    {
        var role = training is null ? "label" : "validation label";
        var column = schema.GetColumnOrNull(name) ?? throw SchemaErrors.Missing(role, name, schema);
        FineTuningLabels? labels = (task, column.Type) switch
        {
            (FineTuningTask.Multiclass, KeyDataViewType { RawType: var raw } key) when raw == typeof(uint) => new Classes(column, key.Count, training),
            (FineTuningTask.Binary, BooleanDataViewType) => new YesNo(column),
            (FineTuningTask.Regression, NumberDataViewType number) when number == NumberDataViewType.Single => new Amounts(column),
            (FineTuningTask.MultiLabel, VectorDataViewType { ItemType: KeyDataViewType { RawType: var raw } key }) when raw == typeof(uint) =>
                new LabelKeys(column, key.Count, training),
            (FineTuningTask.MultiLabel, VectorDataViewType { IsKnownSize: true } vector) when LabelVectorReader.IsLabel(vector.ItemType) =>
                new LabelVector(LabelVectorReader.Find(column), training),
            _ => null,
        };
        if (labels is null)
            throw SchemaErrors.Mismatch(role, name, Expected(task), SchemaErrors.Describe(column.Type));
        // A saved model is JSON, where half a character would become another one.
        if (training is null && Array.FindIndex(labels.Spec.SlotNames ?? [], text => !IsUnicode(text)) is >= 0 and var broken)
            throw SchemaErrors.Mismatch(role, name, "values that are Unicode text", string.Create(
                CultureInfo.InvariantCulture, $"half a surrogate pair in value {broken + 1} of {labels.Spec.Count}"));
        if (training is not null && training.Task is FineTuningTask.Multiclass or FineTuningTask.MultiLabel)
            labels.Remark = GuessOf(column, training);
        return labels;
    }

    /// <summary>Checks the promise of a label column.</summary>
    /// <returns>The column.</returns>
    /// <exception cref="ArgumentOutOfRangeException">It is missing or of another type.</exception>
    public static SchemaShape.Column Check(FineTuningTask task, string name, SchemaShape shape)
    {
        if (!SchemaShapes.TryFind(shape, name, out var column))
            throw SchemaErrors.Missing("label", name, shape);
        var isScalar = column.Kind == SchemaShape.Column.VectorKind.Scalar;
        var isRight = task switch
        {
            FineTuningTask.Multiclass => isScalar && column.IsKey && column.ItemType == NumberDataViewType.UInt32,
            FineTuningTask.Binary => isScalar && column.ItemType == BooleanDataViewType.Instance,
            FineTuningTask.Regression => isScalar && !column.IsKey && column.ItemType == NumberDataViewType.Single,
            _ when isScalar => false,
            _ when column.IsKey => column.ItemType == NumberDataViewType.UInt32,
            _ => column.Kind == SchemaShape.Column.VectorKind.Vector && LabelVectorReader.IsLabel(column.ItemType),
        };
        return isRight ? column : throw SchemaErrors.Mismatch("label", name, Expected(task), SchemaShapes.Describe(column));
    }

    private static string Expected(FineTuningTask task) => task switch
    {
        FineTuningTask.Multiclass => "Key<UInt32>, as MapValueToKey makes it",
        FineTuningTask.Binary => "Boolean",
        FineTuningTask.Regression => "Single",
        _ => "Vector<Boolean> or Vector<Single> of known size, or Vector<Key<UInt32>>",
    };

    // Values that only one view has cannot be compared.
    private static string? GuessOf(DataViewSchema.Column column, LabelSpec training)
    {
        var isKey = column.Type is KeyDataViewType or VectorDataViewType { ItemType: KeyDataViewType };
        var hasOwn = isKey ? KeyValueList.Of(column) is not null : LabelVectorReader.Find(column).SlotNames is not null;
        if (hasOwn == training.SlotNames is not null)
            return null;
        var what = isKey ? "values of the keys" : "slot names";
        return $"only {(hasOwn ? "this view" : "the training data")} has {what} in column '{column.Name}', so labels are matched by number.";
    }

    private static bool IsUnicode(string text)
    {
        for (var i = 0; i < text.Length; i += char.IsSurrogatePair(text, i) ? 2 : 1)
            if (char.IsSurrogate(text[i]) && !char.IsSurrogatePair(text, i))
                return false;
        return true;
    }

    private static int Counted(DataViewSchema.Column column, ulong count) => count <= LabelSpec.MostLabels
        ? (int)count
        : throw SchemaErrors.Mismatch(
            "label", column.Name, string.Create(CultureInfo.InvariantCulture, $"a key of at most {LabelSpec.MostLabels} values"), column.Type.ToString()!);

    // Keys of another view may have other values: what counts are these.
    private static int[] NumbersOf(int own, KeyValueList? keys, string[]? training, int trainingCount)
    {
        var numbers = new int[own];
        for (var i = 0; i < own; i++)
            numbers[i] = keys is null || training is null ? (i < trainingCount ? i : -1) : Array.IndexOf(training, keys.Values[i]);
        return numbers;
    }

    private sealed class Classes(DataViewSchema.Column column, ulong count, LabelSpec? training)
        : FineTuningLabels(column, training ?? new LabelSpec(FineTuningTask.Multiclass, Counted(column, count), KeyValueList.Of(column)))
    {
        private readonly int[] _numbers =
            NumbersOf(Counted(column, count), KeyValueList.Of(column), training is null ? null : training.Keys?.Values, training?.Count ?? (int)count);

        private ValueGetter<uint>? _getter;

        public override string Missing => $"column '{Column.Name}' has no label there{(training is null ? "" : ", or one that no training row has")}";

        public override void Open(DataViewRow row) => _getter = row.GetGetter<uint>(Column);

        public override float[]? Read(long row, string rowName)
        {
            var key = 0u;
            _getter!(ref key);
            return key == 0 || key > _numbers.Length || _numbers[key - 1] < 0 ? null : [_numbers[key - 1]];
        }
    }

    private sealed class YesNo(DataViewSchema.Column column) : FineTuningLabels(column, new LabelSpec(FineTuningTask.Binary, 1))
    {
        private ValueGetter<bool>? _getter;

        public override void Open(DataViewRow row) => _getter = row.GetGetter<bool>(Column);

        public override float[] Read(long row, string rowName)
        {
            var value = false;
            _getter!(ref value);
            return [value ? 1 : 0];
        }
    }

    private sealed class Amounts(DataViewSchema.Column column) : FineTuningLabels(column, new LabelSpec(FineTuningTask.Regression, 1))
    {
        private ValueGetter<float>? _getter;

        public override void Open(DataViewRow row) => _getter = row.GetGetter<float>(Column);

        public override float[]? Read(long row, string rowName)
        {
            var value = 0f;
            _getter!(ref value);
            if (float.IsInfinity(value))
                throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture,
                    $"{rowName} {row}, column '{Column.Name}': the label is {value}; expected a finite number, or NaN where there is none."));
            return float.IsNaN(value) ? null : [value];
        }
    }

    private sealed class LabelVector : FineTuningLabels
    {
        private readonly LabelVectorReader _reader;

        public LabelVector(LabelVectorReader reader, LabelSpec? training)
            : base(reader.Column, training ?? new LabelSpec(FineTuningTask.MultiLabel, reader.Size, Names: reader.SlotNames))
        {
            _reader = reader;
            if (training is not null && training.Count != reader.Size)
                throw SchemaErrors.Mismatch("label", reader.Column.Name,
                    string.Create(CultureInfo.InvariantCulture, $"{training.Count} labels as in training"), reader.Column.Type.ToString()!);
            if (training is { Names: { } names } && reader.SlotNames is { } own && !names.SequenceEqual(own))
                throw SchemaErrors.Mismatch("label", reader.Column.Name, "the slot names of training", "other ones");
        }

        public override string Missing => $"none of their labels in column '{Column.Name}' is known";

        public override void Open(DataViewRow row) => _reader.Open(row);

        public override float[]? Read(long row, string rowName)
        {
            var labels = new float[Spec.Count];
            _reader.Read(labels);
            return Array.TrueForAll(labels, float.IsNaN) ? null : labels;
        }
    }

    private sealed class LabelKeys(DataViewSchema.Column column, ulong count, LabelSpec? training)
        : FineTuningLabels(
            column, training ?? new LabelSpec(FineTuningTask.MultiLabel, Counted(column, count), Names: KeyValueList.Of(column)?.Values))
    {
        private readonly int[] _numbers = NumbersOf(Counted(column, count), KeyValueList.Of(column), training?.Names, training?.Count ?? (int)count);
        private ValueGetter<VBuffer<uint>>? _getter;
        private VBuffer<uint> _keys;

        public override void Open(DataViewRow row) => _getter = row.GetGetter<VBuffer<uint>>(Column);

        // A row without keys has none of the labels, as it has in ML.NET; so has one whose keys are missing.
        public override float[] Read(long row, string rowName)
        {
            _getter!(ref _keys);
            var labels = new float[Spec.Count];
            foreach (var key in _keys.DenseValues())
                if (key > 0 && key <= _numbers.Length && _numbers[key - 1] >= 0)
                    labels[_numbers[key - 1]] = 1;
            return labels;
        }
    }
}
