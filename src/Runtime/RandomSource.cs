using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using TorchSharp;

namespace Microsoft.ML.GentleClip.Runtime;

/// <summary>
/// All randomness of a run, from one seed: independent streams, each with a name, so that drawing more from one leaves the others as
/// they are. Torch's streams are own generators; the process's global one is never touched. Not thread-safe.
/// </summary>
internal sealed class RandomSource(long seed) : IDisposable
{
    /// <summary>Stands between the name of a stream and its device, where that is not the CPU.</summary>
    public const char DeviceMark = '@';

    private const string ManagedKind = "managed/", TorchKind = "torch/";
    private readonly Dictionary<string, byte[]> _kept = [];
    private readonly SortedDictionary<string, ManagedGenerator> _managed = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, torch.Generator> _torch = new(StringComparer.Ordinal);

    /// <summary>The seed of every stream.</summary>
    public long Seed { get; } = seed;

    /// <summary>The managed stream of that name: the same instance at every call.</summary>
    public ManagedGenerator Managed(string stream)
    {
        if (!_managed.TryGetValue(stream, out var generator))
            _managed.Add(stream, generator = new ManagedGenerator(SeedOf(ManagedKind + stream)));
        return generator;
    }

    /// <summary>The torch stream of that name on a device (null: CPU): the same instance at every call, owned and disposed by this source.</summary>
    /// <remarks>
    /// TorchSharp 0.107 makes a generator of the CPU whatever the device, and torch ends the process where a GPU is to draw from one: leave it out.
    /// </remarks>
    public torch.Generator Torch(string stream, torch.Device? device = null)
    {
        if (stream.Contains(DeviceMark))
            throw new ArgumentException($"A stream's name has no '{DeviceMark}'; found '{stream}'.", nameof(stream));
        TorchNativeLibrary.EnsureLoaded();
        var name = device is null || device.type == DeviceType.CPU ? stream : stream + DeviceMark + device;
        if (!_torch.TryGetValue(name, out var generator))
            _torch.Add(name, generator = new torch.Generator(SeedOf(TorchKind + stream), device));
        return generator;
    }

    /// <summary>
    /// A torch generator of the CPU for one use, which the caller disposes: its numbers depend on the seed, the name and the key, and on nothing drawn before.
    /// It is in no checkpoint.
    /// </summary>
    public torch.Generator TorchAt(string stream, ReadOnlySpan<long> key)
    {
        TorchNativeLibrary.EnsureLoaded();
        var seed = SeedOf(TorchKind + stream);
        foreach (var number in key)
        {
            seed ^= (ulong)number;
            seed = ManagedGenerator.SplitMix(ref seed);
        }
        return new torch.Generator(seed);
    }

    /// <summary>
    /// From now on <see cref="GetState"/> gives the streams' states of this moment, whatever is drawn, until <see cref="Forget"/>.
    /// </summary>
    /// <param name="torch">Whether torch's streams are drawn from too.</param>
    public void Keep(bool torch)
    {
        _kept.Clear();
        foreach (var (name, generator) in _managed)
            _kept.Add(ManagedKind + name, generator.GetState());
        if (!torch)
            return;
        foreach (var (name, generator) in _torch)
            _kept.Add(TorchKind + name, StateOf(generator));
    }

    /// <summary>Ends what <see cref="Keep"/> began.</summary>
    /// <param name="rewinds">Whether the streams go on from what was kept, as if nothing had been drawn.</param>
    public void Forget(bool rewinds)
    {
        if (rewinds)
            SetState(_kept);
        _kept.Clear();
    }

    /// <summary>The states of all streams opened so far, for a checkpoint.</summary>
    public IReadOnlyDictionary<string, byte[]> GetState()
    {
        var states = new SortedDictionary<string, byte[]>(StringComparer.Ordinal);
        foreach (var (name, generator) in _managed)
            states.Add(ManagedKind + name, _kept.GetValueOrDefault(ManagedKind + name) ?? generator.GetState());
        foreach (var (name, generator) in _torch)
            states.Add(TorchKind + name, _kept.GetValueOrDefault(TorchKind + name) ?? StateOf(generator));
        return states;
    }

    /// <summary>
    /// Continues where <see cref="GetState"/> was called, on a machine with the same devices. Generators handed out already go on from there too.
    /// </summary>
    /// <exception cref="InvalidDataException">A name or state is not one of this class; streams before the bad one are set already.</exception>
    public void SetState(IReadOnlyDictionary<string, byte[]> states)
    {
        foreach (var (key, state) in states)
        {
            if (key.StartsWith(ManagedKind, StringComparison.Ordinal))
                Managed(key[ManagedKind.Length..]).SetState(state);
            else if (key.StartsWith(TorchKind, StringComparison.Ordinal))
                Restore(key, state);
            else
                throw new InvalidDataException($"Random stream '{key}' is of no known kind; expected '{ManagedKind}NAME' or '{TorchKind}NAME'.");
        }
    }

    /// <summary>Frees the torch generators; a stream asked for afterwards starts anew.</summary>
    public void Dispose()
    {
        foreach (var generator in _torch.Values)
            generator.Dispose();
        _torch.Clear();
        _managed.Clear();
    }

    private void Restore(string key, byte[] state)
    {
        var name = key[TorchKind.Length..];
        var device = name.IndexOf(DeviceMark);
        using var scope = torch.NewDisposeScope();
        try
        {
            var generator = device < 0 ? Torch(name) : Torch(name[..device], new torch.Device(name[(device + 1)..]));
            var expected = StateOf(generator).Length;
            if (state.Length != expected)
                throw new InvalidDataException($"Random stream '{key}': its state has {expected} bytes, found {state.Length}.");
            generator.set_state(torch.tensor(state, torch.uint8));
        }
        catch (Exception e) when (e is ExternalException or ArgumentException or FormatException or OverflowException)
        {
            throw new InvalidDataException($"Random stream '{key}': torch refuses its name or state: {e.Message}", e);
        }
    }

    private static byte[] StateOf(torch.Generator generator)
    {
        using var scope = torch.NewDisposeScope();
        return generator.get_state().data<byte>().ToArray();
    }

    // FNV-1a over the seed's eight bytes and the name, stirred by SplitMix64: every bit of both reaches every bit of the result.
    private ulong SeedOf(string stream)
    {
        var hash = 0xcbf29ce484222325;
        var bytes = new byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, Seed);
        foreach (var value in bytes.Concat(Encoding.UTF8.GetBytes(stream)))
            hash = (hash ^ value) * 0x100000001b3;
        return ManagedGenerator.SplitMix(ref hash);
    }
}
