using System.Buffers.Binary;
using System.Numerics;

namespace Microsoft.ML.GentleClip.Runtime;

/// <summary>
/// A random generator whose numbers are the same on every platform and in every version: xoshiro256** (Blackman and Vigna, 2018),
/// its state filled by SplitMix64. Not thread-safe.
/// </summary>
internal sealed class ManagedGenerator
{
    /// <summary>Length of <see cref="GetState"/> in bytes.</summary>
    public const int StateSize = 32;

    private ulong _a, _b, _c, _d;

    /// <summary>The generator of a seed.</summary>
    public ManagedGenerator(ulong seed) => (_a, _b, _c, _d) = (SplitMix(ref seed), SplitMix(ref seed), SplitMix(ref seed), SplitMix(ref seed));

    /// <summary>64 random bits.</summary>
    public ulong NextUInt64()
    {
        var result = BitOperations.RotateLeft(_b * 5, 7) * 9;
        var shifted = _b << 17;
        _c ^= _a;
        _d ^= _b;
        _b ^= _c;
        _a ^= _d;
        _c ^= shifted;
        _d = BitOperations.RotateLeft(_d, 45);
        return result;
    }

    /// <summary>A number of [0, <paramref name="bound"/>), every one as likely as the others.</summary>
    public int NextInt(int bound)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bound);
        // Lemire, "Fast random integer generation in an interval" (2019): the few products that would favour small results are drawn again.
        var range = (ulong)bound;
        var high = Math.BigMul(NextUInt64(), range, out var low);
        if (low < range)
            for (var threshold = (0UL - range) % range; low < threshold;)
                high = Math.BigMul(NextUInt64(), range, out low);
        return (int)high;
    }

    /// <summary>A multiple of 2^-53 in [0, 1).</summary>
    public double NextDouble() => (NextUInt64() >> 11) * (1.0 / (1UL << 53));

    /// <summary>Puts the items into a random order, every one as likely as the others.</summary>
    public void Shuffle<T>(Span<T> items)
    {
        for (var i = items.Length - 1; i > 0; i--)
        {
            var j = NextInt(i + 1);
            (items[i], items[j]) = (items[j], items[i]);
        }
    }

    /// <summary>The state, for a checkpoint.</summary>
    public byte[] GetState()
    {
        var state = new byte[StateSize];
        BinaryPrimitives.WriteUInt64LittleEndian(state, _a);
        BinaryPrimitives.WriteUInt64LittleEndian(state.AsSpan(8), _b);
        BinaryPrimitives.WriteUInt64LittleEndian(state.AsSpan(16), _c);
        BinaryPrimitives.WriteUInt64LittleEndian(state.AsSpan(24), _d);
        return state;
    }

    /// <summary>Continues where <see cref="GetState"/> was called.</summary>
    /// <exception cref="InvalidDataException">Not a state of this generator.</exception>
    public void SetState(ReadOnlySpan<byte> state)
    {
        if (state.Length != StateSize || !state.ContainsAnyExcept((byte)0)) // From zeros the generator never comes out.
            throw new InvalidDataException($"A random generator's state has {StateSize} bytes, not all zero; found {state.Length} bytes.");
        _a = BinaryPrimitives.ReadUInt64LittleEndian(state);
        _b = BinaryPrimitives.ReadUInt64LittleEndian(state[8..]);
        _c = BinaryPrimitives.ReadUInt64LittleEndian(state[16..]);
        _d = BinaryPrimitives.ReadUInt64LittleEndian(state[24..]);
    }

    /// <summary>One step of SplitMix64 (Steele, Lea and Flood, 2014).</summary>
    public static ulong SplitMix(ref ulong state)
    {
        var z = state += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
