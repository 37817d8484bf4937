using System.Numerics;
using System.Text;
using static System.Buffers.Binary.BinaryPrimitives;

namespace Microsoft.ML.GentleClip.Weights;

/// <summary>
/// The part of Python's pickle machine (protocols 2 to 5) that tensor checkpoints use. It builds dictionaries, lists, tuples, texts, numbers and
/// descriptions of tensors, and can do nothing else: no name outside <see cref="PickleGlobals"/> is looked up, a value of any other is a
/// <see cref="PickleForeign"/> without contents, no code is run, and work and memory grow only with the length of the pickle, whatever it claims.
/// </summary>
internal sealed class PickleMachine
{
    /// <summary>Longest pickle that is read. The largest published checkpoints have less than a tenth.</summary>
    public const int MaximumLength = 16 << 20;

    private const int MaximumProtocol = 5, MaximumIntegerBytes = 256;
    private static readonly UTF8Encoding StrictUtf8 = new(false, throwOnInvalidBytes: true);

    private readonly byte[] _bytes;
    private readonly string _source;
    private readonly PickleGlobals _globals;
    private readonly List<object?> _stack = [];
    private readonly List<int> _marks = [];
    private readonly Dictionary<long, object?> _memo = [];
    private int _at, _start, _opcodeAt;

    /// <summary>A machine for the pickles in some bytes.</summary>
    /// <param name="bytes">One or several pickles.</param>
    /// <param name="source">File and member, for messages.</param>
    public PickleMachine(byte[] bytes, string source) => (_bytes, _source, _globals) = (bytes, source, new PickleGlobals(bytes.Length));

    /// <summary>Where the next pickle starts.</summary>
    public int Position => _at;

    /// <summary>Every storage that the pickles have referred to, by key.</summary>
    public IReadOnlyDictionary<string, PickledStorage> Storages => _globals.Storages;

    /// <summary>Runs the pickle at <see cref="Position"/>.</summary>
    /// <exception cref="InvalidDataException">Malformed; names the byte.</exception>
    public object? Run()
    {
        _stack.Clear();
        _marks.Clear();
        _memo.Clear();
        _start = _opcodeAt = _at;
        try
        {
            if (Byte() != (byte)'\x80' || Byte() is var protocol && protocol is < 2 or > MaximumProtocol)
                throw Bad($"no pickle of protocol 2 to {MaximumProtocol}");
            while (true)
            {
                _opcodeAt = _at;
                var opcode = Byte();
                if (opcode == '.')
                    return _stack.Count == 1 && _marks.Count == 0 ? _stack[0] : throw Bad($"the pickle ends with {_stack.Count} values instead of one");
                Execute(opcode);
            }
        }
        catch (PickleException e)
        {
            throw Bad(e.Message);
        }
    }

    private void Execute(byte opcode)
    {
        switch (opcode)
        {
            case 0x80: // a second PROTO is allowed, and means nothing
                if (Byte() is < 2 or > MaximumProtocol)
                    throw Bad("unknown protocol");
                break;
            case 0x95: // FRAME
                if (ReadUInt64LittleEndian(Take(8)) > (ulong)(_bytes.Length - _at))
                    throw Bad("a frame is longer than the pickle");
                break;
            case (byte)'(': _marks.Add(_stack.Count); break;
            case (byte)'0': Pop(); break;
            case (byte)'1': PopToMark(); break;

            case (byte)'N': Push(null); break;
            case 0x88: Push(true); break;
            case 0x89: Push(false); break;
            case (byte)'K': Push((long)Byte()); break;
            case (byte)'M': Push((long)ReadUInt16LittleEndian(Take(2))); break;
            case (byte)'J': Push((long)ReadInt32LittleEndian(Take(4))); break;
            case 0x8a: Push(Integer(Byte())); break;
            case 0x8b: Push(Integer(Length(4))); break;
            case (byte)'G': Push(ReadDoubleBigEndian(Take(8))); break;
            case 0x8c or (byte)'U': Push(Text(Byte())); break;
            case (byte)'X' or (byte)'T': Push(Text(Length(4))); break;
            case 0x8d: Push(Text(Length(8))); break;
            case (byte)'C': Take(Byte()); Push(PickleGlobals.Bytes); break;
            case (byte)'B': Take(Length(4)); Push(PickleGlobals.Bytes); break;
            case 0x8e or 0x96: Take(Length(8)); Push(PickleGlobals.Bytes); break;

            case (byte)')': Push(Array.Empty<object?>()); break;
            case 0x85: Push(PopLast(1)); break;
            case 0x86: Push(PopLast(2)); break;
            case 0x87: Push(PopLast(3)); break;
            case (byte)'t': Push(PopToMark()); break;
            case (byte)']': Push(new List<object?>()); break;
            case (byte)'l': Push(PopToMark().ToList()); break;
            case (byte)'a':
                var element = Pop();
                if (!IsForeignOnTop)
                    Peek<List<object?>>("a list").Add(element);
                break;
            case (byte)'e':
                var elements = PopToMark();
                if (!IsForeignOnTop)
                    Peek<List<object?>>("a list").AddRange(elements);
                break;
            case (byte)'}': Push(new PickleDictionary()); break;
            case (byte)'d': var pairs = PopToMark(); Push(new PickleDictionary()); SetItems(pairs); break;
            case (byte)'s': SetItems(PopLast(2)); break;
            case (byte)'u': SetItems(PopToMark()); break;
            case 0x8f: Push(PickleGlobals.Set); break;
            case 0x90:
                PopToMark();
                if (!IsForeignOnTop && Peek<PickleOpaque>("a set") != PickleGlobals.Set)
                    throw Bad("a set expected");
                break;
            case 0x91: PopToMark(); Push(PickleGlobals.Set); break;

            case (byte)'q': Memoize(Byte()); break;
            case (byte)'r': Memoize(ReadUInt32LittleEndian(Take(4))); break;
            case 0x94: Memoize(_memo.Count); break;
            case (byte)'h': Recall(Byte()); break;
            case (byte)'j': Recall(ReadUInt32LittleEndian(Take(4))); break;

            case (byte)'c': Push(PickleGlobals.Find(Line(), Line())); break;
            case 0x93: Push(PopLast(2) is [string module, string name] ? PickleGlobals.Find(module, name) : throw Bad("two names expected")); break;
            case (byte)'R':
            case 0x81:
                var arguments = Pop() as object?[] ?? throw Bad("a tuple of arguments expected");
                Push(Pop() switch
                {
                    PickleGlobal called => _globals.Call(called, arguments),
                    PickleForeign foreign => foreign, // never called
                    _ => throw Bad("a name to call expected"),
                });
                break;
            case (byte)'b':
                var state = Pop();
                if (!IsForeignOnTop)
                    PickleGlobals.Build(Peek<PickleDictionary>("a dictionary"), state);
                break;
            case (byte)'Q': Push(_globals.Storage(Pop())); break;
            default: throw Bad($"operation 0x{opcode:x2} is none that a checkpoint of tensors needs");
        }
    }

    private void SetItems(object?[] pairs)
    {
        if (pairs.Length % 2 != 0)
            throw Bad("a key without a value");
        if (IsForeignOnTop)
            return;
        var dictionary = Peek<PickleDictionary>("a dictionary");
        for (var i = 0; i < pairs.Length; i += 2)
            PickleGlobals.SetItem(dictionary, pairs[i], pairs[i + 1]);
    }

    private void Push(object? value) => _stack.Add(value);

    private object? Pop() => PopLast(1)[0];

    // Nothing below the last mark may be touched.
    private object?[] PopLast(int count)
    {
        var start = _stack.Count - count;
        if (start < (_marks.Count > 0 ? _marks[^1] : 0))
            throw Bad("a value expected, the stack is empty");
        var values = _stack.GetRange(start, count).ToArray();
        _stack.RemoveRange(start, count);
        return values;
    }

    private object?[] PopToMark()
    {
        if (_marks.Count == 0)
            throw Bad("a mark expected, the stack has none");
        var values = PopLast(_stack.Count - _marks[^1]);
        _marks.RemoveAt(_marks.Count - 1);
        return values;
    }

    private T Peek<T>(string expected) where T : class =>
        _stack.Count > (_marks.Count > 0 ? _marks[^1] : 0) && _stack[^1] is T value ? value : throw Bad($"{expected} expected");

    // Such a value has no contents: what is put into it is dropped.
    private bool IsForeignOnTop => _stack.Count > (_marks.Count > 0 ? _marks[^1] : 0) && _stack[^1] is PickleForeign;

    private void Memoize(long index)
    {
        if (index >= _bytes.Length) // Python counts from zero, two bytes or more each
            throw Bad($"memo index {index} is larger than the pickle");
        _memo[index] = _stack.Count > 0 ? _stack[^1] : throw Bad("a value expected, the stack is empty");
    }

    private void Recall(long index) => Push(_memo.TryGetValue(index, out var value) ? value : throw Bad($"memo index {index} was never set"));

    private object Integer(int count)
    {
        if (count > MaximumIntegerBytes)
            throw Bad($"an integer of {count} bytes; {MaximumIntegerBytes} are allowed");
        var value = new BigInteger(Take(count));
        return value >= long.MinValue && value <= long.MaxValue ? (object)(long)value : value;
    }

    private string Text(int count)
    {
        try
        {
            return StrictUtf8.GetString(Take(count));
        }
        catch (DecoderFallbackException)
        {
            throw Bad("a text is not UTF-8");
        }
    }

    private string Line()
    {
        var length = _bytes.AsSpan(_at).IndexOf((byte)'\n');
        if (length < 0)
            throw Bad("a name has no end");
        var text = Text(length);
        _at++;
        return text;
    }

    private int Length(int size)
    {
        var length = size == 4 ? ReadUInt32LittleEndian(Take(4)) : ReadUInt64LittleEndian(Take(8));
        return length <= (ulong)(_bytes.Length - _at) ? (int)length : throw Bad($"{length} bytes announced, {_bytes.Length - _at} are left");
    }

    private byte Byte() => Take(1)[0];

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count > _bytes.Length - _at)
            throw Bad(_bytes.Length == MaximumLength ? $"the pickle is longer than the {MaximumLength} bytes that are read" : "the pickle is cut off");
        _at += count;
        return _bytes.AsSpan(_at - count, count);
    }

    private InvalidDataException Bad(string what) => new($"{_source}: byte {_opcodeAt - _start} of the pickle: {what}.");
}
