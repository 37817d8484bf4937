using Microsoft.Extensions.Options;
using Microsoft.ML;

namespace Serving;

/// <summary>The two sides of the model, by input column.</summary>
internal sealed class Sides
{
    public Sides(ITransformer model, IOptions<ServingOptions> options)
    {
        var alignment = model.FindGentleClip();
        Dimension = alignment.EmbeddingDimension;
        All = [Side.Of(model, alignment.ModalityA, options.Value), Side.Of(model, alignment.ModalityB, options.Value)];
    }

    public int Dimension { get; }

    public IReadOnlyList<Side> All { get; }

    /// <exception cref="BadInputException">There is none.</exception>
    public Side Named(string? column, string field = "column") => All.FirstOrDefault(side => side.Column == column)
        ?? throw new BadInputException(
            $"{field}: expected {string.Join(" or ", All.Select(side => $"'{side.Column}'"))}, found {(column is null ? "nothing" : $"'{column}'")}.");

    /// <summary>Answers what waits, and takes no more.</summary>
    public Task StopAsync() => Task.WhenAll(All.Select(side => side.StopAsync()));
}
