using Microsoft.Extensions.Options;
using Microsoft.ML.GentleClip;

namespace Serving;

/// <summary>The two sides of the model, by input column.</summary>
internal sealed class Sides(GentleClipTransformer model, IOptions<ServingOptions> options)
{
    public int Dimension => model.EmbeddingDimension;

    public IReadOnlyList<Side> All { get; } = [Side.Of(model, model.ModalityA, options.Value), Side.Of(model, model.ModalityB, options.Value)];

    /// <exception cref="BadInputException">There is none.</exception>
    public Side Named(string? column, string field = "column") => All.FirstOrDefault(side => side.Column == column)
        ?? throw new BadInputException(
            $"{field}: expected {string.Join(" or ", All.Select(side => $"'{side.Column}'"))}, found {(column is null ? "nothing" : $"'{column}'")}.");

    /// <summary>Answers what waits, and takes no more.</summary>
    public Task StopAsync() => Task.WhenAll(All.Select(side => side.StopAsync()));
}
