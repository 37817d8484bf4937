using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Objectives;

/// <summary>A term that a user computes.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Weight">Its factor in the total.</param>
/// <param name="Compute">Its value, from a batch at a step.</param>
internal sealed record CustomTerm(string Name, double Weight, Func<ObjectiveInput, Tensor> Compute)
{
    /// <summary>The value with a graph, checked.</summary>
    /// <exception cref="InvalidOperationException">The user's code threw, or its result is no loss; the message names the term.</exception>
    public Tensor Evaluate(ObjectiveInput input)
    {
        using var scope = NewDisposeScope();
        var like = input.EmbeddingsA;
        Tensor value;
        try
        {
            value = Compute(input);
        }
        catch (Exception exception) when (exception is not (OperationCanceledException or OutOfMemoryException))
        {
            throw new InvalidOperationException($"The objective '{Name}' failed at step {input.Step}: {exception.Message}", exception);
        }
        if (value is null)
            throw Problem("null");
        if (value.numel() != 1 || value.ndim != 0)
            throw Problem($"a tensor of shape [{string.Join(", ", value.shape)}]");
        if (value.dtype != like.dtype || value.device.ToString() != like.device.ToString())
            throw Problem($"a scalar of {value.dtype} on {value.device}");
        if (value.requires_grad)
            return value.MoveToOuterDisposeScope();
        // A batch may hold nothing for a term; any other constant is a graph that was lost.
        if (value.to(ScalarType.Float64).item<double>() != 0)
            throw Problem("a number that does not depend on the embeddings (no gradient)");
        return Pairwise.ZeroWithGraph(input.EmbeddingsA, input.EmbeddingsB).MoveToOuterDisposeScope();

        InvalidOperationException Problem(string found) =>
            new($"The objective '{Name}' gave {found} at step {input.Step}; expected a scalar of {like.dtype} on {like.device} that depends on the embeddings.");
    }
}
