using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Objectives;

/// <summary>
/// Statistics of the pairs of rows of a batch, one after the other in one vector. Each matrix of affinities is gone through once in forward and once in
/// backward, in row blocks small enough for the cache, and all statistics of the matrix read the block while it is there.
/// </summary>
internal sealed class PairFunction : autograd.SingleTensorFunction<PairFunction>
{
    private const int Sets = 4;

    public override string Name => nameof(PairFunction);

    public static Tensor Apply(Tensor a, Tensor b, Tensor? secondViewsA, Tensor? secondViewsB, PairPlan plan) =>
        apply([plan, a, b, secondViewsA!, secondViewsB!, .. plan.Requests.SelectMany(request => request.Scalars)]);

    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        using var scope = NewDisposeScope();
        var (plan, inputs) = ((PairPlan)vars[0], vars[1..].Select(input => (Tensor)input).ToList());
        var (a, b) = (inputs[0], inputs[1]);
        using var own = plan.Workspace is null ? new PairWorkspace() : null;
        var length = plan.Requests.Sum(request => PairPlan.Length(request, a, b));
        Tensor output;
        if (plan.Share is { } share)
        {
            var slices = share.Own.ToArray();
            var parts = zeros(slices.Length, length, a.dtype, a.device);
            for (var i = 0; i < slices.Length; i++)
                Fill(parts.select(0, i), slices[i]);
            output = Merge(plan, inputs, share.Gather(parts));
        }
        else
            Fill(output = zeros(length, a.dtype, a.device), null);

        ctx.save_data(nameof(PairPlan), plan);
        ctx.save_for_backward([.. inputs, output.detach().MoveToOuterDisposeScope()]);
        return output.MoveToOuterDisposeScope();

        void Fill(Tensor target, int? slice)
        {
            foreach (var group in Groups(plan, inputs, target, plan.Workspace ?? own!))
            {
                using var groupScope = NewDisposeScope();
                group.Open(isNew: slice is not null);
                foreach (var block in group.Blocks.All(slice))
                {
                    using var blockScope = NewDisposeScope();
                    group.Forward(block);
                }

                group.End();
            }
        }
    }

    // Row sums come from one slice each, where the others have zeros; sums add up; of the columns every slice has a log-sum-exp.
    private static Tensor Merge(PairPlan plan, IReadOnlyList<Tensor> inputs, Tensor slices)
    {
        var (parts, start) = (new List<Tensor>(), 0L);
        foreach (var request in plan.Requests)
        {
            var length = PairPlan.Length(request, inputs[0], inputs[1]);
            var columns = request is LogSumExpRequest { ColumnScale: not null } sums ? length - sums.Rows(PairPlan.Rows(request, inputs[0], inputs[1])) : 0;
            parts.Add(slices.narrow(1, start, length - columns).sum(dim: 0));
            if (columns > 0)
                parts.Add(slices.narrow(1, start + length - columns, columns).logsumexp(0));
            start += length;
        }

        return cat(parts, 0);
    }

    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
    {
        using var scope = NewDisposeScope();
        var plan = (PairPlan)ctx.get_data(nameof(PairPlan));
        var saved = ctx.get_saved_variables().Select(tensor => tensor?.detach()!).ToList();
        var inputs = saved[..^1];
        using var own = plan.Workspace is null ? new PairWorkspace() : null;
        Tensor?[] all;
        if (plan.Share is { } share)
        {
            long[]?[] shapes = [];
            var sum = share.Sum(share.Own.Select(slice =>
            {
                var ofSlice = Gradients(slice);
                shapes = [.. ofSlice.Select(gradient => gradient?.shape)];
                return cat([.. ofSlice.OfType<Tensor>().Select(gradient => gradient.reshape(-1))], 0);
            }));
            var start = 0L;
            all = [.. shapes.Select(shape =>
            {
                if (shape is null)
                    return null;
                var length = shape.Aggregate(1L, (product, size) => product * size);
                start += length;
                return sum.narrow(0, start - length, length).view(shape).clone();
            })];
        }
        else
            all = Gradients(null);

        return [null!, .. all.Select(gradient => gradient?.MoveToOuterDisposeScope()!)];

        Tensor?[] Gradients(int? slice)
        {
            var gradients = inputs[..Sets].Select(set => set is null ? null : zeros_like(set)).ToArray();
            var scalarGradients = new List<Tensor?>();
            foreach (var group in Groups(plan, inputs, saved[^1], plan.Workspace ?? own!))
            {
                using var groupScope = NewDisposeScope();
                group.Open();
                group.Begin(grad_output, gradients);
                foreach (var block in group.Blocks.All(slice))
                {
                    using var blockScope = NewDisposeScope();
                    group.Backward(block);
                }

                group.EndBackward();
                scalarGradients.AddRange(group.ScalarGradients.Select(gradient => gradient?.MoveToOuterDisposeScope()));
            }

            return [.. gradients, .. scalarGradients];
        }
    }

    /// <summary>The matrices, in order, each with its part of the output and of the scalars.</summary>
    private static IEnumerable<PairGroup> Groups(PairPlan plan, IReadOnlyList<Tensor> inputs, Tensor output, PairWorkspace workspace)
    {
        var keep = plan.Keeps(inputs[0], inputs[1]);
        var (start, scalar) = (0L, Sets);
        foreach (var requests in plan.Requests.GroupBy(request => request.Matrix))
        {
            var parts = new List<PairGroup.Part>();
            foreach (var request in requests)
            {
                var length = PairPlan.Length(request, inputs[0], inputs[1]);
                parts.Add(new(request, start, length, [.. inputs.Skip(scalar).Take(request.Scalars.Count)]));
                (start, scalar) = (start + length, scalar + request.Scalars.Count);
            }

            yield return new(requests.Key, parts, inputs, output, plan, workspace, keep);
        }
    }
}
