using System.Globalization;
using System.Numerics;
using System.Runtime.InteropServices;

namespace Microsoft.ML.GentleClip.Modalities;

/// <summary>Numbers of a vector column as float32, and what they say about a sample.</summary>
internal static class FiniteValues
{
    /// <summary>Copies the values: present when all are finite as float32, absent when there are none or all are NaN.</summary>
    /// <param name="source">Values of the column.</param>
    /// <param name="target">As long or longer.</param>
    /// <param name="problemSlot">The first slot that is not finite.</param>
    /// <param name="problemValue">Its value.</param>
    public static Presence Convert<T>(ReadOnlySpan<T> source, Span<float> target, out int problemSlot, out double problemValue) where T : struct, INumber<T>
    {
        (problemSlot, problemValue) = (0, 0);
        if (source.Length == 0)
            return Presence.Absent;
        if (typeof(T) == typeof(float) && TryCopyFinite(MemoryMarshal.Cast<T, float>(source), target))
            return Presence.Present;
        var notFinite = 0;
        var nan = 0;
        for (var i = 0; i < source.Length; i++)
        {
            var value = float.CreateTruncating(source[i]);
            target[i] = value;
            if (float.IsFinite(value))
                continue;
            if (notFinite++ == 0)
                (problemSlot, problemValue) = (i, double.CreateTruncating(source[i]));
            if (float.IsNaN(value))
                nan++;
        }
        if (notFinite == 0)
            return Presence.Present;
        return nan == source.Length ? Presence.Absent : Presence.Invalid;
    }

    // The common case, many at a time: x - x is 0 where x is finite and NaN elsewhere.
    private static bool TryCopyFinite(ReadOnlySpan<float> source, Span<float> target)
    {
        var wrong = Vector<float>.Zero;
        var i = 0;
        for (; i <= source.Length - Vector<float>.Count; i += Vector<float>.Count)
        {
            var values = new Vector<float>(source[i..]);
            wrong += values - values;
            values.CopyTo(target[i..]);
        }
        if (!Vector.EqualsAll(wrong, Vector<float>.Zero))
            return false;
        for (; i < source.Length; i++)
        {
            if (!float.IsFinite(source[i]))
                return false;
            target[i] = source[i];
        }
        return true;
    }

    /// <summary>Says what is wrong with a sample that is neither.</summary>
    public static string Problem(int slot, double value) => string.Create(CultureInfo.InvariantCulture,
        $"slot {slot} is {value}; expected finite numbers within the range of Single, or NaN in every slot for a sample that is absent");
}
