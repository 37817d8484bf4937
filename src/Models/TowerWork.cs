using System.Globalization;
using Microsoft.ML.GentleClip.Encoders;
using Microsoft.ML.GentleClip.Modalities;
using Microsoft.ML.GentleClip.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Models;

/// <summary>
/// What is to be done before a tower can embed a batch: gathering the examples and preparing them. What is random about it is drawn when a view is added, by
/// whoever adds it; the rest may be done ahead, on another thread.
/// </summary>
/// <param name="encoder">Of the tower; null for a closed form, which takes the examples as they are.</param>
/// <param name="column">Its column, for messages.</param>
/// <param name="examples">Where the examples are. None is added while the work is under way.</param>
/// <param name="positions">Which of them.</param>
internal sealed class TowerWork(Encoder? encoder, string column, ExampleStore examples, int[] positions)
{
    // Copying so many takes some ten microseconds, as does waking a thread.
    private const long FewNumbers = 1 << 16;

    private readonly List<(Func<ModalityBatch>? Prepare, int[]? Some)> _views = [];
    private readonly List<ModalityBatch> _parts = [];
    private ModalityBatch? _gathered;
    private NoiseSource? _noise;

    /// <summary>Adds a view: the examples as they are embedded once.</summary>
    /// <param name="noise">Of the view; null for inference.</param>
    /// <param name="some">Positions of the examples that have it; null for all.</param>
    public void AddView(NoiseSource? noise, int[]? some = null)
    {
        _noise = noise;
        _views.Add((noise is not null && !examples.HasFeatures && encoder is { PreparesWithNoise: true }
            ? encoder.Prepare(some is null ? _gathered ??= Gather(positions) : Part(some), noise)
            : null, some));
    }

    /// <summary>Begins the work, or leaves it to whoever takes its result where it is little.</summary>
    public Ahead<TowerBatch> Begin() => examples.NumbersOf(positions.Length) <= FewNumbers ? Ahead.Later(Run) : Ahead.Begin(Run);

    /// <summary>Does the work.</summary>
    /// <exception cref="InvalidOperationException">A sample cannot be prepared; the message names its row and column.</exception>
    public TowerBatch Run()
    {
        ModalityBatch? batch = null;
        try
        {
            batch = _gathered ?? Gather(positions);
            ModalityBatch? prepared = null; // shared by all views that draw nothing
            var views = _views.ConvertAll(view =>
                view.Prepare is not null ? view.Prepare() : view.Some is { } some ? Prepare(Part(some), _noise) : prepared ??= Prepare(batch, _noise));
            return new TowerBatch(batch, views, encoder is { PreparesAlike: true } && prepared is not null ? prepared : batch) { Parts = _parts };
        }
        catch (Exception exception)
        {
            batch?.Free();
            _parts.ForEach(part => part.Free());
            if (exception is OutOfMemoryException or ObjectDisposedException)
                throw;
            throw Named(exception);
        }
    }

    private ModalityBatch Part(int[] some)
    {
        _parts.Add(Gather(some));
        return _parts[^1];
    }

    private ModalityBatch Gather(ReadOnlySpan<int> some)
    {
        using var scope = NewDisposeScope();
        return examples.Gather(some).Detach();
    }

    private ModalityBatch Prepare(ModalityBatch batch, NoiseSource? noise) =>
        encoder is null || examples.HasFeatures ? batch : encoder.Prepare(batch, noise)();

    // The first sample that cannot be prepared by itself.
    private InvalidOperationException Named(Exception problem)
    {
        foreach (var position in positions)
        {
            ModalityBatch? one = null;
            try
            {
                one = Gather([position]);
                Prepare(one, noise: null);
            }
            catch (Exception own) when (own is not OutOfMemoryException)
            {
                return new InvalidOperationException(string.Create(CultureInfo.InvariantCulture,
                    $"{examples.RowName} {examples.RowOf(position)}, column '{column}': the sample cannot be prepared for its encoder: {own.Message}"), own);
            }
            finally
            {
                one?.Free();
            }
        }
        return new InvalidOperationException(string.Create(CultureInfo.InvariantCulture,
            $"{positions.Length} samples of column '{column}', of {examples.RowName.ToLowerInvariant()}s {positions.Min(examples.RowOf)} ")
            + string.Create(CultureInfo.InvariantCulture, $"to {positions.Max(examples.RowOf)}, ")
            + $"cannot be prepared for their encoder in one batch: {problem.Message}", problem);
    }
}
