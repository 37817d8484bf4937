using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.ML.GentleClip.Runtime;
using Microsoft.ML.GentleClip.Weights;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Trainers.Checkpoints;

/// <summary>
/// The checkpoints of a folder: safetensors files whose names hold the training, the step and the beginning of the content's SHA-256, so that a file is whole
/// exactly if it is what its name says. One training at a time uses a folder.
/// </summary>
internal sealed partial class CheckpointFolder : IDisposable
{
    private const string Prefix = "checkpoint", Extension = ".safetensors", StateKey = "checkpoint", LockFile = Prefix + ".lock";
    private const int HashLength = 32;

    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        NumberHandling = System.Text.Json.Serialization.JsonNumberHandling.AllowNamedFloatingPointLiterals,
        UnmappedMemberHandling = System.Text.Json.Serialization.JsonUnmappedMemberHandling.Disallow,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
    };

    private readonly string _path;
    private readonly Action<string> _warn;
    private readonly Func<Stream, Stream>? _wrap;
    private readonly ProcessGroup _group;
    private readonly FileStream? _lock;

    /// <summary>Makes the folder if it is not there, takes it for this training, and clears away what killed ones left half written.</summary>
    /// <exception cref="IOException">It cannot be made or written to, or another training uses it; the message names it.</exception>
    /// <param name="path">The folder. Of a group of processes only rank 0 uses it, and tells the others what it holds.</param>
    /// <param name="warn">Told of what is passed over.</param>
    /// <param name="wrap">Stands between a checkpoint and its file; for tests.</param>
    /// <param name="group">Processes that train together; null for one.</param>
    public CheckpointFolder(string path, Action<string> warn, Func<Stream, Stream>? wrap = null, ProcessGroup? group = null)
    {
        (_path, _warn, _wrap, _group) = (Path.GetFullPath(path), warn, wrap, group ?? new SingleProcess());
        if (!Writes)
            return;
        try
        {
            Directory.CreateDirectory(_path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"The folder of checkpoints '{_path}' cannot be made: {exception.Message}", exception);
        }
        try
        {
            _lock = new FileStream(Path.Combine(_path, LockFile), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 1,
                FileOptions.DeleteOnClose);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new IOException(
                $"The folder of checkpoints '{_path}' cannot be used, because another training uses it or it cannot be written to: {exception.Message}",
                exception);
        }
        Delete(Directory.EnumerateFiles(_path, $"{Prefix}.*.tmp"));
    }

    /// <summary>
    /// The newest whole checkpoint of a training, its result if it is there; damaged files are passed over with a warning. The caller disposes the tensors.
    /// </summary>
    public (string File, CheckpointState State, StateDict Tensors)? Newest(int training)
    {
        if (!_group.IsShared())
            return NewestHere(training);
        var found = Writes ? NewestHere(training) : null;
        try
        {
            const string purpose = "sending the checkpoint";
            if (_group.OfFirst(found?.File, purpose) is not { } path)
                return null;
            var length = _group.OfFirst(Writes ? new FileInfo(path).Length : 0, purpose);
            var copy = Writes ? path : Path.GetTempFileName();
            try
            {
                using (var stream = new FileStream(copy, FileMode.Open, Writes ? FileAccess.Read : FileAccess.Write))
                    Send(stream, length, purpose);
                if (found is not null)
                    return found;
                var (_, state, tensors) = Read(Parse(path)! with { Path = copy }, training);
                return (path, state, tensors);
            }
            finally
            {
                if (!Writes)
                    Delete([copy]);
            }
        }
        catch
        {
            found?.Tensors.Dispose();
            throw;
        }
    }

    /// <summary>Whether this process writes checkpoints.</summary>
    public bool Writes => _group.Rank == 0;

    private void Send(FileStream file, long length, string purpose)
    {
        var buffer = new byte[1 << 20];
        for (var at = 0L; at < length; at += buffer.Length)
        {
            var part = buffer.AsSpan(0, (int)Math.Min(buffer.Length, length - at));
            if (Writes)
                file.ReadExactly(part);
            _group.Broadcast(part, 0, purpose);
            if (!Writes)
                file.Write(part);
        }
    }

    private (string File, CheckpointState State, StateDict Tensors)? NewestHere(int training)
    {
        foreach (var file in Files(training).AsEnumerable().Reverse())
        {
            try
            {
                return Read(file, training);
            }
            catch (Exception exception) when (exception is InvalidDataException or JsonException or IOException or UnauthorizedAccessException)
            {
                _warn($"The checkpoint '{file.Path}' is passed over: {exception.Message}");
            }
        }
        return null;
    }

    /// <summary>Whether there is a checkpoint of a training, whole or not.</summary>
    public bool Holds(int training) => _group.Any(Writes && Files(training).Length > 0, "asking for checkpoints");

    /// <summary>Seed of the newest whole checkpoint, or null; of a group, asked on rank 0 alone.</summary>
    public int? Seed
    {
        get
        {
            if (!Writes || (NewestHere(1) ?? NewestHere(0)) is not { } newest)
                return null;
            newest.Tensors.Dispose();
            return newest.State.Seed;
        }
    }

    /// <summary>Writes a checkpoint, then deletes the training's older ones but for the last few; a finished training's all.</summary>
    /// <exception cref="IOException">It cannot be written; earlier ones stay as they are.</exception>
    public void Write(CheckpointState state, IReadOnlyDictionary<string, Tensor> tensors, int keep)
    {
        var name = "";
        try
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            AtomicFile.Write(_path, Prefix, () => name, stream =>
            {
                using (var hashing = new HashingStream(_wrap?.Invoke(stream) ?? stream, hash))
                    SafetensorsWriter.Write(hashing, tensors, new Dictionary<string, string> { [StateKey] = JsonSerializer.Serialize(state, Json) });
                name = string.Create(CultureInfo.InvariantCulture,
                    $"{Prefix}-{state.Training}-{state.Step:d9}-{(state.IsFinished ? "end" : "run")}-{Shorten(hash.GetHashAndReset())}{Extension}");
            });
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new IOException(
                $"The checkpoint of step {state.Step} cannot be written to '{_path}': {exception.Message.TrimEnd('.')}. "
                + (Directory.Exists(_path) ? "Earlier checkpoints are as they were." : "The folder is gone, and earlier checkpoints with it."),
                exception);
        }
        var older = Files(state.Training).Where(file => Path.GetFileName(file.Path) != name && (state.IsFinished || !file.IsFinished)).ToArray();
        Delete(older.SkipLast(state.IsFinished ? 0 : keep - 1).Select(file => file.Path));
    }

    // What cannot be deleted, because another program reads it, say, is no reason to end a training.
    private void Delete(IEnumerable<string> files)
    {
        foreach (var file in files)
        {
            try
            {
                File.Delete(file);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                _warn($"The old file '{file}' cannot be deleted: {exception.Message}");
            }
        }
    }

    /// <summary>Leaves the folder to others.</summary>
    public void Dispose() => _lock?.Dispose();

    private static (string File, CheckpointState State, StateDict Tensors) Read(CheckpointFile file, int training)
    {
        var path = file.Path;
        using var stream = File.OpenRead(path);
        if (Shorten(SHA256.HashData(stream)) != file.Hash)
            throw new InvalidDataException("its content is not what its name says; it was cut short or changed.");
        stream.Position = 0;
        var tensors = SafetensorsReader.Read(stream, path);
        try
        {
            var state = tensors.Metadata.TryGetValue(StateKey, out var text) ? JsonSerializer.Deserialize<CheckpointState>(text, Json) : null;
            if (state is null)
                throw new InvalidDataException("it holds no state of a training.");
            if ((state.Training, state.Step, state.IsFinished) != (training, file.Step, file.IsFinished) || state.OptimizerSteps < 0
                || state.Terms.Any(term => term is not { Steps: > 0 }) || state.Terms.DistinctBy(term => term.Name).Count() < state.Terms.Count
                    || state.History.Any(epoch => epoch is null) || state.FineTuning?.Any(epoch => epoch is null) == true)
                throw new InvalidDataException("its state is that of no training, or not of the step that its name says.");
            return (path, state, tensors);
        }
        catch
        {
            tensors.Dispose();
            throw;
        }
    }

    // By step; a result after what was written on the way.
    private CheckpointFile[] Files(int training) =>
        [.. Directory.EnumerateFiles(_path, $"{Prefix}-{training}-*{Extension}").Select(Parse).OfType<CheckpointFile>()
            .OrderBy(file => file.Step).ThenBy(file => file.IsFinished).ThenBy(file => file.Hash, StringComparer.Ordinal)];

    private static CheckpointFile? Parse(string path) => FileName().Match(Path.GetFileName(path)) is { Success: true, Groups: var parts }
        ? new CheckpointFile(path, long.Parse(parts[1].Value, CultureInfo.InvariantCulture), parts[3].Value, parts[2].Value == "end")
        : null;

    private static string Shorten(byte[] hash) => Convert.ToHexStringLower(hash)[..HashLength];

    private sealed record CheckpointFile(string Path, long Step, string Hash, bool IsFinished);

    [GeneratedRegex(@"^checkpoint-[01]-([0-9]{9,10})-(run|end)-([0-9a-f]{32})\.safetensors\z")]
    private static partial Regex FileName();
}
