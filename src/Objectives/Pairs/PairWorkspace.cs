using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Objectives;

/// <summary>
/// Buffers of <see cref="PairFunction"/> that stay from step to step. Fresh memory of this size costs more than what is computed in it: the system hands out
/// each page anew, and glibc gives it back after every step.
/// </summary>
internal sealed class PairWorkspace : IDisposable
{
    private readonly Dictionary<(PairMatrix? Matrix, int Use), Tensor> _buffers = [];
    private readonly Dictionary<PairMatrix, (object Owner, bool Distances)> _owners = [];

    /// <summary>A buffer `[rows, columns]` for a use; contents undefined unless <see cref="Claim"/> says that they are the caller's own.</summary>
    public Tensor Rent(PairMatrix? matrix, int use, long rows, long columns, Tensor like)
    {
        if (!_buffers.TryGetValue((matrix, use), out var flat) || flat.numel() < rows * columns || flat.dtype != like.dtype
            || flat.device_type != like.device_type || flat.device_index != like.device_index)
        {
            flat?.Dispose();
            _buffers[(matrix, use)] = flat = empty(rows * columns, like.dtype, like.device).DetachFromDisposeScope();
        }

        using var part = flat.narrow(0, 0, rows * columns);
        return part.view(rows, columns);
    }

    /// <summary>Makes a matrix' buffers those of an owner, for distances or inner products.</summary>
    /// <returns>Whether they were already, so that they hold what it wrote.</returns>
    public bool Claim(PairMatrix matrix, object owner, bool distances)
    {
        if (_owners.TryGetValue(matrix, out var present) && ReferenceEquals(present.Owner, owner) && present.Distances == distances)
            return true;
        _owners[matrix] = (owner, distances);
        return false;
    }

    /// <summary>Frees the buffers.</summary>
    public void Dispose()
    {
        foreach (var buffer in _buffers.Values)
            buffer.Dispose();
        _buffers.Clear();
        _owners.Clear();
    }
}
