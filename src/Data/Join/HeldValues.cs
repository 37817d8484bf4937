using System.Reflection;
using Microsoft.ML.Data;
using Microsoft.ML.GentleClip.Interop;

namespace Microsoft.ML.GentleClip.Data;

/// <summary>Copies of a column's values that wait for their row's turn.</summary>
internal abstract class HeldValues<T>
{
    private T[] _values = [];

    /// <summary>Whether values of a type can be copied.</summary>
    public static bool CanHold => typeof(T) == typeof(MLImage) || !typeof(IDisposable).IsAssignableFrom(typeof(T));

    /// <summary>Room for the values of a column.</summary>
    public static HeldValues<T> Create() => (HeldValues<T>)(
        typeof(T) == typeof(MLImage) ? new HeldPictures()
        : typeof(T) == typeof(ReadOnlyMemory<char>) ? new HeldTexts()
        : typeof(T).IsGenericType && typeof(T).GetGenericTypeDefinition() == typeof(VBuffer<>)
            ? Activator.CreateInstance(typeof(HeldVectors<>).MakeGenericType(typeof(T).GetGenericArguments()), BindingFlags.Public | BindingFlags.Instance
                | BindingFlags.DoNotWrapExceptions, null, [], null)!
        : new HeldScalars<T>());

    /// <summary>Fetches the current row's value into a slot.</summary>
    public void Hold(int slot, ValueGetter<T> getter)
    {
        if (slot >= _values.Length)
            Array.Resize(ref _values, Math.Max(slot + 1, 2 * _values.Length));
        Fetch(getter, ref _values[slot]);
    }

    /// <summary>Copies a slot's value.</summary>
    public void CopyTo(int slot, ref T value) => Copy(in _values[slot], ref value);

    /// <summary>Empties a slot.</summary>
    public void Release(int slot)
    {
        Free(_values[slot]);
        _values[slot] = default!;
    }

    /// <summary>Empties all slots.</summary>
    public void Clear()
    {
        for (var slot = 0; slot < _values.Length; slot++)
            Release(slot);
        _values = [];
    }

    /// <summary>Fetches a value that stays valid when the cursor moves on.</summary>
    protected abstract void Fetch(ValueGetter<T> getter, ref T held);

    /// <summary>Copies a value for a reader, who may change it.</summary>
    protected abstract void Copy(in T held, ref T value);

    /// <summary>Frees a value.</summary>
    protected virtual void Free(T held)
    {
    }
}

/// <summary>Values that are copied by assignment.</summary>
internal sealed class HeldScalars<T> : HeldValues<T>
{
    /// <inheritdoc/>
    protected override void Fetch(ValueGetter<T> getter, ref T held)
    {
        held = default!; // a reader may have the former object
        getter(ref held);
    }

    /// <inheritdoc/>
    protected override void Copy(in T held, ref T value) => value = held;
}

/// <summary>Texts; a loader may write the next row's over the memory of this one.</summary>
internal sealed class HeldTexts : HeldValues<ReadOnlyMemory<char>>
{
    /// <inheritdoc/>
    protected override void Fetch(ValueGetter<ReadOnlyMemory<char>> getter, ref ReadOnlyMemory<char> held)
    {
        getter(ref held);
        held = held.ToString().AsMemory();
    }

    /// <inheritdoc/>
    protected override void Copy(in ReadOnlyMemory<char> held, ref ReadOnlyMemory<char> value) => value = held;
}

/// <summary>Vectors.</summary>
internal sealed class HeldVectors<TItem> : HeldValues<VBuffer<TItem>>
{
    private VBuffer<TItem> _fetched;

    /// <inheritdoc/>
    protected override void Fetch(ValueGetter<VBuffer<TItem>> getter, ref VBuffer<TItem> held)
    {
        // Copied, so that what is held is as long as the vector and not as the longest that the getter wrote.
        getter(ref _fetched);
        _fetched.CopyTo(ref held);
        if (typeof(TItem) != typeof(ReadOnlyMemory<char>))
            return;
        var editor = VBufferEditor.CreateFromBuffer(ref held);
        for (var i = 0; i < editor.Values.Length; i++)
            editor.Values[i] = (TItem)(object)editor.Values[i]!.ToString().AsMemory();
        held = editor.Commit();
    }

    /// <inheritdoc/>
    protected override void Copy(in VBuffer<TItem> held, ref VBuffer<TItem> value) => held.CopyTo(ref value);
}

/// <summary>Pictures. Whoever reads one owns it and may dispose it, so that each reader gets a picture of its own.</summary>
internal sealed class HeldPictures : HeldValues<MLImage?>
{
    private MLImage? _fetched;

    /// <inheritdoc/>
    protected override void Fetch(ValueGetter<MLImage?> getter, ref MLImage? held)
    {
        getter(ref _fetched); // a loader disposes the one before, an enumerable does not: either way the view knows whose it is
        held = Clone(_fetched);
    }

    /// <inheritdoc/>
    protected override void Copy(in MLImage? held, ref MLImage? value) => value = Clone(held);

    /// <inheritdoc/>
    protected override void Free(MLImage? held) => held?.Dispose();

    private static MLImage? Clone(MLImage? picture)
    {
        if (picture is null)
            return null;
        if (ImagePixels.IsDisposed(picture))
            throw new InvalidOperationException("A picture of the joined views is disposed: pictures must live as long as the view is read.");
        var copy = MLImage.CreateFromPixels(picture.Width, picture.Height, picture.PixelFormat, ImagePixels.Of(picture).Bytes);
        copy.Tag = picture.Tag;
        return copy;
    }
}
