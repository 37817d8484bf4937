using Microsoft.ML.GentleClip.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Alignment;

/// <summary>
/// One side of a fitted alignment: raw rows -> prepared -> recipe and transport -> spectral part -> smoothing -> width, each step optional but the
/// first two.
/// </summary>
/// <param name="Mean">Of the preparation `[dim]`.</param>
/// <param name="Basis">Of the preparation `[dim, components]`.</param>
/// <param name="Recipe">Linear and kernel part.</param>
/// <param name="Transport">Linear and kernel part of transport self-training, beside the recipe's; null for none.</param>
/// <param name="Spectral">Null for none.</param>
/// <param name="Smoothing">Null for none.</param>
/// <param name="Cut">Orthonormal columns `[natural width, width]` onto which wider embeddings are projected; null for none.</param>
/// <param name="Width">Width of the result; zeros fill up what is missing.</param>
internal sealed record SideAlignment(
    Tensor Mean, Tensor Basis, RecipeMap Recipe, RecipeMap? Transport, SpectralMap? Spectral, SmoothingBank? Smoothing, Tensor? Cut, int Width)
{
    private const int MaximumElements = 1 << 24; // of a block's kernel and neighbour matrices
    private const int MaximumInput = 1 << 25; // numbers of a block of rows, in float64 a quarter of a gigabyte

    /// <summary>Width before cut or padding.</summary>
    public long NaturalWidth => Recipe.Width + (Transport?.Width ?? 0) + (Spectral?.Map.size(1) ?? 0);

    /// <summary>All tensors with their names in a saved alignment.</summary>
    public IEnumerable<KeyValuePair<string, Tensor>> Tensors
    {
        get
        {
            yield return new("mean", Mean);
            yield return new("basis", Basis);
            yield return new("linear", Recipe.Linear);
            yield return new("linear.bias", Recipe.LinearBias);
            yield return new("anchors", Recipe.Anchors);
            yield return new("kernel", Recipe.Kernel);
            yield return new("kernel.bias", Recipe.KernelBias);
            if (Transport is not null)
            {
                yield return new("transport.linear", Transport.Linear);
                yield return new("transport.linear.bias", Transport.LinearBias);
                yield return new("transport.anchors", Transport.Anchors);
                yield return new("transport.kernel", Transport.Kernel);
                yield return new("transport.kernel.bias", Transport.KernelBias);
            }
            if (Spectral is not null)
            {
                yield return new("spectral.bank", Spectral.Graph.Bank);
                yield return new("spectral.scales", Spectral.Graph.Scales);
                yield return new("spectral.coordinates", Spectral.Graph.Coordinates);
                yield return new("spectral.map", Spectral.Map);
                yield return new("spectral.bias", Spectral.Bias);
            }
            if (Smoothing is not null)
            {
                yield return new("smoothing.bank", Smoothing.Bank);
                yield return new("smoothing.embeddings", Smoothing.Embeddings);
            }
            if (Cut is not null)
                yield return new("cut", Cut);
        }
    }

    /// <summary>Unit rows `[n, width]` in float64.</summary>
    /// <param name="rows">Raw rows `[n, dim]`.</param>
    /// <param name="blockSize">Most rows at a time.</param>
    /// <param name="cancellationToken">Stops between blocks.</param>
    public Tensor Apply(Tensor rows, int blockSize, CancellationToken cancellationToken = default)
    {
        var anchors = Recipe.Anchors.size(0) + (Transport?.Anchors.size(0) ?? 0);
        var columns = Math.Max(Math.Max(anchors, Smoothing?.Bank.size(0) ?? 0), Math.Max(Spectral?.Graph.Bank.size(0) ?? 0, 1));
        var height = Math.Min(MaximumElements / columns, MaximumInput / Mean.size(0));
        return Rows.InBlocks(rows, (int)Math.Clamp(height, 1, blockSize), block => Finish(Embed(Prepare(block))), cancellationToken);
    }

    private Tensor Prepare(Tensor rows)
    {
        using var scope = NewDisposeScope();
        return RowSource.Centred(rows, Mean).matmul(Basis).MoveToOuterDisposeScope();
    }

    /// <summary>Embeddings of prepared rows at their natural width; zero where a row has no direction.</summary>
    public Tensor Embed(Tensor prepared)
    {
        using var scope = NewDisposeScope();
        var embeddings = Transport is null ? Recipe.Apply(prepared) : Rows.Unit(cat([Recipe.Parts(prepared), Transport.Parts(prepared)], 1));
        if (Spectral is not null)
            embeddings = Spectral.Beside(embeddings, prepared);
        if (Smoothing is not null)
            embeddings = Smoothing.Apply(embeddings, prepared);
        return embeddings.MoveToOuterDisposeScope();
    }

    // Cut or padded, and a direction for rows that have none: the first axis.
    private Tensor Finish(Tensor embeddings)
    {
        using var scope = NewDisposeScope();
        if (Cut is not null)
            embeddings = Rows.Unit(embeddings.matmul(Cut));
        else if (Width > embeddings.size(1))
            embeddings = cat([embeddings, embeddings.new_zeros(embeddings.size(0), Width - embeddings.size(1))], 1);
        var none = embeddings.Squared().sum(dim: 1).eq(Scalars.Zero);
        embeddings.select(1, 0).masked_fill_(none, Scalars.One);
        return embeddings.MoveToOuterDisposeScope();
    }
}
