using System.Globalization;
using System.Numerics;
using System.Runtime.InteropServices;
using Microsoft.ML.Data;

namespace Microsoft.ML.GentleClip.Modalities;

/// <summary>The current row's chain.</summary>
internal abstract class ChainReader(ValueGetter<ReadOnlyMemory<char>>? sequenceGetter, string? sequenceColumn) : ExampleReader
{
    private ReadOnlyMemory<char> _sequence;
    private float[] _coordinates = [];
    private byte[] _residues = [];
    private int _count, _letters;
    private string _problem = "";

    /// <summary>Alpha carbons of the current row in angstrom.</summary>
    public ReadOnlySpan<float> Coordinates => _coordinates.AsSpan(0, _count);

    /// <summary>Residue types of the current row, as <see cref="Chain"/> takes them; empty where they are unknown.</summary>
    public ReadOnlySpan<byte> Residues => _residues.AsSpan(0, _letters);

    /// <inheritdoc/>
    public override ReadOnlySpan<byte> Content => MemoryMarshal.AsBytes(Coordinates);

    /// <inheritdoc/>
    public override string Problem => _problem;

    /// <summary>Copies the coordinates, converted, reads the sequence, and tells what they are.</summary>
    protected Presence Take<T>(ReadOnlySpan<T> source) where T : struct, INumber<T>
    {
        _count = source.Length;
        if (_coordinates.Length < _count)
            _coordinates = new float[Math.Max(_count, 2 * _coordinates.Length)];
        var presence = FiniteValues.Convert(source, _coordinates, out var problemSlot, out var problemValue);
        if (presence == Presence.Invalid)
            _problem = FiniteValues.Problem(problemSlot, problemValue);
        if (presence != Presence.Present)
            return presence;
        if (_count % 3 == 0)
            return TakeSequence();
        _problem = string.Create(CultureInfo.InvariantCulture, $"the vector has {_count} slots; expected three for each alpha carbon, a multiple of 3");
        return Presence.Invalid;
    }

    private Presence TakeSequence()
    {
        _letters = 0;
        if (sequenceGetter is null)
            return Presence.Present;
        sequenceGetter(ref _sequence);
        if (_residues.Length < _sequence.Length)
            _residues = new byte[Math.Max(_sequence.Length, 2 * _residues.Length)];
        foreach (var letter in _sequence.Span)
            if (!char.IsWhiteSpace(letter))
                _residues[_letters++] = Chain.CodeOf(letter);
        if (_letters == 0 || 3 * _letters == _count)
            return Presence.Present;
        _problem = string.Create(CultureInfo.InvariantCulture,
            $"there are {_count / 3} alpha carbons, but column '{sequenceColumn}' has {_letters} letters; expected as many, or none");
        return Presence.Invalid;
    }
}

/// <summary>Reads a chain from numbers of some type.</summary>
internal sealed class ChainReader<T>(ValueGetter<VBuffer<T>> getter, ValueGetter<ReadOnlyMemory<char>>? sequenceGetter, string? sequenceColumn)
    : ChainReader(sequenceGetter, sequenceColumn) where T : struct, INumber<T>
{
    private VBuffer<T> _buffer;
    private VBuffer<T> _dense;

    /// <inheritdoc/>
    public override Presence Read()
    {
        getter(ref _buffer);
        if (_buffer.IsDense)
            return Take(_buffer.GetValues());
        _buffer.CopyToDense(ref _dense);
        return Take(_dense.GetValues());
    }
}
