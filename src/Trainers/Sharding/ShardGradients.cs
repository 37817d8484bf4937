using Microsoft.ML.GentleClip.Models;
using Microsoft.ML.GentleClip.Runtime;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Trainers.Sharding;

/// <summary>
/// Sums what the shards of a step do to the towers: gradients, and the running statistics of batch normalisation, of which the shards' mean is taken.
/// One flat vector a shard, added up as a fixed binary tree over all shards, whichever process computed them.
/// </summary>
internal sealed class ShardGradients : IDisposable
{
    private readonly BatchSharding _sharding;
    private readonly Parameter[] _parameters;
    private readonly (Tensor Live, Tensor Before)[] _statistics, _counters;
    private readonly Tensor _padding;
    private OrderedSum _sum = new();

    /// <summary>For the towers of a model; they must stay where they are.</summary>
    public ShardGradients(TwoTowerModel model, BatchSharding sharding)
    {
        _sharding = sharding;
        using var scope = NewDisposeScope();
        var parameters = model.named_parameters().ToArray();
        _parameters =
            [.. parameters.Where(entry => entry.name != TwoTowerModel.LogitScaleName && entry.parameter.requires_grad).Select(entry => entry.parameter)];
        var names = parameters.Select(entry => entry.name).ToHashSet(StringComparer.Ordinal);
        var buffers = model.state_dict().Where(entry => !names.Contains(entry.Key)).OrderBy(entry => entry.Key, StringComparer.Ordinal)
            .Select(entry => (Live: entry.Value.detach().DetachFromDisposeScope(), Before: entry.Value.detach().clone().DetachFromDisposeScope())).ToArray();
        _statistics = [.. buffers.Where(buffer => buffer.Live.is_floating_point())];
        _counters = [.. buffers.Where(buffer => !buffer.Live.is_floating_point())];
        var length = _parameters.Sum(parameter => parameter.numel()) + _parameters.Length + _statistics.Sum(buffer => buffer.Live.numel());
        _padding = zeros(sharding.Group.Padding(length), ScalarType.Float32, model.LogitScale.device).DetachFromDisposeScope();
    }

    /// <summary>Begins a step: the statistics from which each of its shards starts.</summary>
    public void Begin()
    {
        using var frozen = no_grad();
        foreach (var (live, before) in Buffers)
            before.copy_(live);
        _sum = new OrderedSum();
    }

    /// <summary>Puts the statistics back to the step's beginning: a shard knows nothing of those before it.</summary>
    public void BeginShard()
    {
        using var frozen = no_grad();
        foreach (var (live, before) in Buffers)
            live.copy_(before);
    }

    /// <summary>Takes a shard's gradients away from the parameters, and what it did to the statistics.</summary>
    public void EndShard()
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        var gradients = _parameters.Select(parameter => parameter.grad).ToArray();
        var device = _padding.device;
        var flat = cat(
            [
                .. _parameters.Zip(gradients, (parameter, gradient) => gradient?.reshape(-1) ?? zeros(parameter.numel(), ScalarType.Float32, device)),
                tensor(Array.ConvertAll(gradients, gradient => gradient is null ? 0f : 1f), device: device), // which have one at all
                .. _statistics.Select(buffer => (buffer.Live - buffer.Before).to(ScalarType.Float32).reshape(-1)),
                _padding,
            ], 0);
        foreach (var gradient in gradients)
            gradient?.zero_();
        _sum.Add(flat.DetachFromDisposeScope());
    }

    /// <summary>Gives the parameters the sum over all shards of all processes, and the statistics their mean.</summary>
    public void End()
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        using var sum = _sum.Take();
        _sharding.Group.SumInOrder(sum, "the sum of the gradients");
        var at = 0L;
        var present = sum.narrow(0, _parameters.Sum(parameter => parameter.numel()), _parameters.Length).cpu().data<float>().ToArray();
        for (var i = 0; i < _parameters.Length; i++)
        {
            var parameter = _parameters[i];
            var part = sum.narrow(0, at, parameter.numel()).view(parameter.shape);
            at += parameter.numel();
            if (present[i] == 0)
                continue;
            if (parameter.grad is { } gradient)
                gradient.copy_(part);
            else
                parameter.grad = part.clone(); // another process's shard reached it
        }
        at += _parameters.Length;
        foreach (var (live, before) in _statistics)
        {
            live.copy_(before.Plus(sum.narrow(0, at, live.numel()).view(live.shape).Over(_sharding.Shards)));
            at += live.numel();
        }
    }

    /// <summary>Frees the copies.</summary>
    public void Dispose()
    {
        foreach (var (live, before) in Buffers)
        {
            live.Dispose();
            before.Dispose();
        }
        _padding.Dispose();
    }

    private IEnumerable<(Tensor Live, Tensor Before)> Buffers => _statistics.Concat(_counters);
}
