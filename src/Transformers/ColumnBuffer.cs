using System.Reflection;
using Microsoft.ML.Data;

namespace Microsoft.ML.GentleClip.Transformers;

/// <summary>Holds an input column's values for the rows that a cursor has read ahead, so that no getter is called twice.</summary>
internal abstract class ColumnBuffer
{
    private static readonly MethodInfo CreateTyped =
        ((Func<DataViewRow, DataViewSchema.Column, int, ColumnBuffer>)Create<int>).Method.GetGenericMethodDefinition();

    /// <summary>Fetches the value of the source's current row into a slot.</summary>
    public abstract void Fill(int slot);

    /// <summary>A getter of the value in the slot that <paramref name="currentSlot"/> names.</summary>
    public abstract Delegate Getter(Func<int> currentSlot);

    /// <summary>
    /// Whether values can wait in a buffer. One that must be disposed, such as an image, belongs to whoever fetched it and cannot be handed
    /// out twice: it is fetched from the source row itself, which leaves no reading ahead.
    /// </summary>
    public static bool CanHold(DataViewType type) => !typeof(IDisposable).IsAssignableFrom(type.RawType);

    /// <summary>Opens a buffer over a column.</summary>
    public static ColumnBuffer Open(DataViewRow source, DataViewSchema.Column column, int slots) =>
        (ColumnBuffer)CreateTyped.MakeGenericMethod(column.Type.RawType).Invoke(null, BindingFlags.DoNotWrapExceptions, null, [source, column, slots], null)!;

    private static ColumnBuffer Create<T>(DataViewRow source, DataViewSchema.Column column, int slots)
    {
        if (!CanHold(column.Type))
            return new SourceValue<T>(source, column);
        return typeof(T).IsGenericType && typeof(T).GetGenericTypeDefinition() == typeof(VBuffer<>)
            ? (ColumnBuffer)Activator.CreateInstance(typeof(VectorBuffer<>).MakeGenericType(typeof(T).GetGenericArguments()),
                BindingFlags.Public | BindingFlags.Instance | BindingFlags.DoNotWrapExceptions, null, [source, column, slots], null)!
            : new ValueBuffer<T>(source, column, slots);
    }

    private sealed class ValueBuffer<T>(DataViewRow source, DataViewSchema.Column column, int slots) : ColumnBuffer
    {
        private readonly ValueGetter<T> _getter = source.GetGetter<T>(column);
        private readonly T[] _values = new T[slots];

        public override void Fill(int slot)
        {
            // The reader has got the former value: an object there must not be reused.
            _values[slot] = default!;
            _getter(ref _values[slot]);
        }

        public override Delegate Getter(Func<int> currentSlot) => (ValueGetter<T>)((ref T value) => value = _values[currentSlot()]);
    }

    private sealed class VectorBuffer<T>(DataViewRow source, DataViewSchema.Column column, int slots) : ColumnBuffer
    {
        private readonly ValueGetter<VBuffer<T>> _getter = source.GetGetter<VBuffer<T>>(column);
        private readonly VBuffer<T>[] _values = new VBuffer<T>[slots];

        public override void Fill(int slot) => _getter(ref _values[slot]);

        // A copy, because the caller owns what it gets and may write to it.
        public override Delegate Getter(Func<int> currentSlot) => (ValueGetter<VBuffer<T>>)((ref VBuffer<T> value) => _values[currentSlot()].CopyTo(ref value));
    }

    private sealed class SourceValue<T>(DataViewRow source, DataViewSchema.Column column) : ColumnBuffer
    {
        private readonly ValueGetter<T> _getter = source.GetGetter<T>(column);

        public override void Fill(int slot)
        {
        }

        public override Delegate Getter(Func<int> currentSlot) => _getter;
    }
}
