using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Runtime;

/// <summary>What trainings ask of a process group, on numbers, texts and tensors. All of it does nothing, or next to nothing, in a single process.</summary>
internal static class Collectives
{
    // Bytes of a call at most: an implementation may count in Int32, and a sum keeps as much beside what is summed.
    private const int LargestCall = 1 << 24;

    /// <summary>Writes the bytes of an item.</summary>
    public delegate void Fill(int item, Span<byte> bytes);

    /// <summary>Takes the bytes of an item, which are valid during the call.</summary>
    public delegate void Take(int item, ReadOnlySpan<byte> bytes);

    /// <summary>Whether there are other processes.</summary>
    public static bool IsShared(this ProcessGroup group) => group.Size > 1;

    /// <summary>Whether the condition holds in any process.</summary>
    public static bool Any(this ProcessGroup group, bool condition, string purpose)
    {
        if (!group.IsShared())
            return condition;
        var all = new byte[group.Size];
        group.AllGather([condition ? (byte)1 : (byte)0], all, purpose);
        return all.AsSpan().ContainsAnyExcept((byte)0);
    }

    /// <summary>The number of rank 0.</summary>
    public static long OfFirst(this ProcessGroup group, long number, string purpose)
    {
        if (!group.IsShared())
            return number;
        var bytes = BitConverter.GetBytes(number);
        group.Broadcast(bytes, 0, purpose);
        return BitConverter.ToInt64(bytes);
    }

    /// <summary>The numbers of rank 0; as many on every rank.</summary>
    public static double[] OfFirst(this ProcessGroup group, double[] numbers, string purpose)
    {
        if (!group.IsShared())
            return numbers;
        var copy = numbers.ToArray();
        group.Broadcast(MemoryMarshal.AsBytes(copy.AsSpan()), 0, purpose);
        return copy;
    }

    /// <summary>The bytes of rank 0; null where it has none.</summary>
    public static byte[]? OfFirst(this ProcessGroup group, byte[]? bytes, string purpose)
    {
        if (!group.IsShared())
            return bytes;
        var length = group.OfFirst(bytes?.Length ?? -1L, purpose);
        if (length < 0)
            return null;
        var all = group.Rank == 0 ? bytes! : new byte[length];
        group.BroadcastInParts(all, 0, purpose);
        return all;
    }

    /// <summary>The text of rank 0; null where it has none.</summary>
    public static string? OfFirst(this ProcessGroup group, string? text, string purpose) =>
        group.OfFirst(text is null ? null : Encoding.UTF8.GetBytes(text), purpose) is { } bytes ? Encoding.UTF8.GetString(bytes) : null;

    /// <summary>Broadcasts as much as there is.</summary>
    public static void BroadcastInParts(this ProcessGroup group, Span<byte> data, int root, string purpose)
    {
        for (; group.IsShared() && !data.IsEmpty; data = data[Math.Min(LargestCall, data.Length)..])
            group.Broadcast(data[..Math.Min(LargestCall, data.Length)], root, purpose);
    }

    /// <summary>Gives every process the bytes of some items, each of which one process has. Little more than a call's bytes is held at a time.</summary>
    /// <param name="group">The processes.</param>
    /// <param name="items">How many items.</param>
    /// <param name="rankOf">Which process has an item; the same everywhere.</param>
    /// <param name="width">Bytes of an item.</param>
    /// <param name="fill">Writes an item of this process.</param>
    /// <param name="take">Told all items, in their order.</param>
    /// <param name="purpose">What it is for, in a few words.</param>
    public static void Exchange(this ProcessGroup group, int items, Func<int, int> rankOf, int width, Fill fill, Take take, string purpose)
    {
        var (size, own) = (group.Size, group.Rank);
        var most = Math.Clamp(LargestCall / Math.Max(1, width) / size, 1, Math.Max(1, items));
        for (int start = 0, count; start < items; start += count)
        {
            count = Math.Min(most, items - start);
            var counts = new int[size];
            for (var item = start; item < start + count; item++)
                counts[rankOf(item)]++;
            var length = counts.Max() * width;
            var mine = new byte[length];
            for (int item = start, at = 0; item < start + count; item++)
                if (rankOf(item) == own)
                {
                    fill(item, mine.AsSpan(at, width));
                    at += width;
                }
            var all = mine;
            if (group.IsShared())
                group.AllGather(mine, all = new byte[size * length], purpose);
            Array.Clear(counts);
            for (var item = start; item < start + count; item++)
            {
                var rank = rankOf(item);
                take(item, all.AsSpan(rank * length + counts[rank]++ * width, width));
            }
        }
    }

    /// <summary>The bytes of every process, which may be of different numbers.</summary>
    public static byte[][] GatherBytes(this ProcessGroup group, byte[] own, string purpose)
    {
        if (!group.IsShared())
            return [own];
        var lengths = new byte[group.Size * sizeof(long)];
        group.AllGather(BitConverter.GetBytes((long)own.Length), lengths, purpose);
        return [.. Enumerable.Range(0, group.Size).Select(rank =>
        {
            var bytes = rank == group.Rank ? own : new byte[BitConverter.ToInt64(lengths, rank * sizeof(long))];
            group.BroadcastInParts(bytes, rank, purpose);
            return bytes;
        })];
    }

    /// <summary>Adds up whole numbers over the processes, in place.</summary>
    public static void Sum(this ProcessGroup group, Span<long> numbers, string purpose)
    {
        if (!group.IsShared())
            return;
        var most = Math.Max(1, LargestCall / sizeof(long) / group.Size);
        for (; !numbers.IsEmpty; numbers = numbers[Math.Min(most, numbers.Length)..])
        {
            var part = numbers[..Math.Min(most, numbers.Length)];
            var all = new long[group.Size * part.Length];
            group.AllGather(MemoryMarshal.AsBytes(part), MemoryMarshal.AsBytes(all.AsSpan()), purpose);
            part.Clear();
            for (var i = 0; i < all.Length; i++)
                part[i % part.Length] += all[i];
        }
    }

    /// <summary>Broadcasts a tensor of the CPU, contiguous, of one dimension, in place.</summary>
    public static void BroadcastFlat(this ProcessGroup group, Tensor flat, int root, string purpose)
    {
        if (group.IsShared())
            ForParts(flat, part => group.Broadcast(part.bytes, root, purpose));
    }

    /// <summary>
    /// The tensors of all processes, <c>[size, ...]</c>, on the device of <paramref name="own"/>, which must be contiguous and of the same shape everywhere.
    /// In a single process the same memory.
    /// </summary>
    public static Tensor Gather(this ProcessGroup group, Tensor own, string purpose)
    {
        if (!group.IsShared())
            return own.unsqueeze(0);
        using var scope = NewDisposeScope();
        var (size, count) = (group.Size, own.numel());
        var flat = own.detach().cpu().reshape(-1);
        var all = empty([size, count], own.dtype);
        var most = Math.Max(1, LargestCall / (size * own.ElementSize));
        if (count <= most)
            group.AllGather(flat.bytes, all.bytes, purpose);
        else
        {
            using var part = empty([size * most], own.dtype);
            for (var at = 0L; at < count; at += most)
            {
                using var partScope = NewDisposeScope();
                var length = Math.Min(most, count - at);
                var received = part.narrow(0, 0, size * length);
                group.AllGather(flat.narrow(0, at, length).bytes, received.bytes, purpose);
                all.narrow(1, at, length).copy_(received.view(size, length));
            }
        }
        return all.view([size, .. own.shape]).to(own.device).MoveToOuterDisposeScope();
    }

    /// <summary>Numbers to put behind some, so that <see cref="SumInOrder"/> takes them.</summary>
    public static long Padding(this ProcessGroup group, long length) => (group.Size - length % group.Size) % group.Size;

    /// <summary>
    /// The sum of the processes' tensors in place, by a binary tree over the ranks (<see cref="OrderedSum"/>): the same bits on every rank and in every run.
    /// Contiguous, one dimension, its length a multiple of the group's size.
    /// </summary>
    public static void SumInOrder(this ProcessGroup group, Tensor flat, string purpose)
    {
        if (!group.IsShared())
            return;
        using var scope = NewDisposeScope();
        var (size, count) = (group.Size, flat.numel());
        if (count % size != 0)
            throw new ArgumentException($"There are {count} numbers for {size} processes; expected a multiple.", nameof(flat));
        var onCpu = flat.cpu();
        var most = Math.Max(1, LargestCall / flat.ElementSize / size) * size;
        using var received = empty([Math.Min(most, count)], flat.dtype);
        for (var at = 0L; at < count; at += most)
        {
            using var partScope = NewDisposeScope();
            var length = Math.Min(most, count - at);
            var (part, buffer) = (onCpu.narrow(0, at, length), received.narrow(0, 0, length));
            group.AllToAll(part.bytes, buffer.bytes, purpose);
            var sum = new OrderedSum();
            for (var rank = 0; rank < size; rank++)
                sum.Add(buffer.narrow(0, rank * (length / size), length / size));
            group.AllGather(sum.Take().bytes, part.bytes, purpose);
        }
        if (onCpu.device_type != flat.device_type)
            flat.copy_(onCpu);
    }

    /// <summary>Gives all processes the tensors of rank 0 where any differ; in place.</summary>
    /// <returns>Whether any differed.</returns>
    public static bool Synchronize(this ProcessGroup group, IEnumerable<KeyValuePair<string, Tensor>> tensors, string purpose)
    {
        if (!group.IsShared())
            return false;
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        var ordered = tensors.OrderBy(entry => entry.Key, StringComparer.Ordinal).ToArray();
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var (name, value) in ordered)
        {
            hash.AppendData(Encoding.UTF8.GetBytes(name));
            using var content = value.detach().cpu().contiguous();
            ForParts(content, part => hash.AppendData(part.bytes));
        }
        var all = new byte[group.Size * SHA256.HashSizeInBytes];
        group.AllGather(hash.GetHashAndReset(), all, purpose);
        var first = all.AsSpan(0, SHA256.HashSizeInBytes).ToArray();
        if (all.Chunk(SHA256.HashSizeInBytes).All(own => own.AsSpan().SequenceEqual(first)))
            return false;
        foreach (var (_, value) in ordered)
        {
            using var content = value.detach().cpu().contiguous().clone();
            group.BroadcastFlat(content.view(-1), 0, purpose);
            value.copy_(content);
        }
        return true;
    }

    private static void ForParts(Tensor content, Action<Tensor> action)
    {
        using var scope = NewDisposeScope();
        var flat = content.reshape(-1);
        var most = LargestCall / content.ElementSize;
        for (var at = 0L; at < flat.numel(); at += most)
            action(flat.narrow(0, at, Math.Min(most, flat.numel() - at)));
    }
}
