using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Objectives;

/// <summary>
/// Statistics of the pairs of rows of a batch, one after the other in one vector. Each matrix of affinities is gone through once in forward and once in
/// backward, in row blocks small enough for the cache, and all statistics of the matrix read the block while it is there.
/// </summary>
internal sealed class PairFunction : autograd.SingleTensorFunction<PairFunction>
{
    // Whole matrices stay from forward to backward up to so many numbers in all, 21 MB in float32; above they are computed again.
    private const long MostKept = 5L * 1024 * 1024;

    private const int Sets = 4;

    /// <summary>What is computed: requests in the order of their matrices, those of distances before others.</summary>
    internal sealed record Plan(IReadOnlyList<PairRequest> Requests, int BlockSize, PairWorkspace? Workspace, object Owner)
    {
        /// <summary>Numbers of a request's result.</summary>
        public static long Length(PairRequest request, Tensor a, Tensor b)
        {
            var (n, m) = Size(request.Matrix, a, b);
            return request.Length(n, m);
        }

        /// <summary>Whether whole matrices stay from forward to backward.</summary>
        public bool Keeps(Tensor a, Tensor b) => Workspace is not null && Requests.Select(request => request.Matrix).Distinct().Sum(matrix =>
        {
            var (n, m) = Size(matrix, a, b);
            return n * m;
        }) <= MostKept;

        private static (long Rows, long Columns) Size(PairMatrix matrix, Tensor a, Tensor b) => matrix switch
        {
            PairMatrix.A or PairMatrix.SecondViewsA => (a.size(0), a.size(0)),
            PairMatrix.B or PairMatrix.SecondViewsB => (b.size(0), b.size(0)),
            _ => (a.size(0), b.size(0)),
        };
    }

    public override string Name => nameof(PairFunction);

    public static Tensor Apply(Tensor a, Tensor b, Tensor? secondViewsA, Tensor? secondViewsB, Plan plan) =>
        apply([plan, a, b, secondViewsA!, secondViewsB!, .. plan.Requests.SelectMany(request => request.Scalars)]);

    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        using var scope = NewDisposeScope();
        var (plan, inputs) = ((Plan)vars[0], vars[1..].Select(input => (Tensor)input).ToList());
        var (a, b) = (inputs[0], inputs[1]);
        using var own = plan.Workspace is null ? new PairWorkspace() : null;
        var output = zeros(plan.Requests.Sum(request => Plan.Length(request, a, b)), a.dtype, a.device);
        foreach (var group in Groups(plan, inputs, output, plan.Workspace ?? own!))
        {
            using var groupScope = NewDisposeScope();
            group.Open();
            foreach (var block in group.Blocks.All())
            {
                using var blockScope = NewDisposeScope();
                group.Forward(block);
            }

            group.End();
        }

        ctx.save_data(nameof(Plan), plan);
        ctx.save_for_backward([.. inputs, output.detach().MoveToOuterDisposeScope()]);
        return output.MoveToOuterDisposeScope();
    }

    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
    {
        using var scope = NewDisposeScope();
        var plan = (Plan)ctx.get_data(nameof(Plan));
        var saved = ctx.get_saved_variables().Select(tensor => tensor?.detach()!).ToList();
        var inputs = saved[..^1];
        using var own = plan.Workspace is null ? new PairWorkspace() : null;
        var gradients = inputs[..Sets].Select(set => set is null ? null : zeros_like(set)).ToArray();
        var scalarGradients = new List<Tensor?>();
        foreach (var group in Groups(plan, inputs, saved[^1], plan.Workspace ?? own!))
        {
            using var groupScope = NewDisposeScope();
            group.Open();
            group.Begin(grad_output, gradients);
            foreach (var block in group.Blocks.All())
            {
                using var blockScope = NewDisposeScope();
                group.Backward(block);
            }

            group.EndBackward();
            scalarGradients.AddRange(group.ScalarGradients.Select(gradient => gradient?.MoveToOuterDisposeScope()));
        }

        return [null!, .. gradients.Concat(scalarGradients).Select(gradient => gradient?.MoveToOuterDisposeScope()!)];
    }

    /// <summary>The matrices, in order, each with its part of the output and of the scalars.</summary>
    private static IEnumerable<PairGroup> Groups(Plan plan, IReadOnlyList<Tensor> inputs, Tensor output, PairWorkspace workspace)
    {
        var keep = plan.Keeps(inputs[0], inputs[1]);
        var (start, scalar) = (0L, Sets);
        foreach (var requests in plan.Requests.GroupBy(request => request.Matrix))
        {
            var parts = new List<PairGroup.Part>();
            foreach (var request in requests)
            {
                var length = Plan.Length(request, inputs[0], inputs[1]);
                parts.Add(new(request, start, length, [.. inputs.Skip(scalar).Take(request.Scalars.Count)]));
                (start, scalar) = (start + length, scalar + request.Scalars.Count);
            }

            yield return new(requests.Key, parts, inputs, output, plan, workspace, keep);
        }
    }
}
