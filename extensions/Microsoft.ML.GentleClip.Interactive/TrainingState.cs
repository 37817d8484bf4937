using System.Globalization;
using System.Text;

namespace Microsoft.ML.GentleClip.Interactive;

/// <summary>How far a training is, as a <see cref="TrainingMonitor"/> shows it: a bar, the loss so far as a line, the time.</summary>
[TypeFormatterSource(typeof(OutputFormatterSource), PreferredMimeTypes = [OutputFormatterSource.Html, OutputFormatterSource.Text])]
public sealed class TrainingState
{
    private const int Width = 360, LineHeight = 60, MostPoints = 120;

    private readonly TrainingProgress? _now;
    private readonly IReadOnlyList<(int Step, double Loss)> _losses;

    internal TrainingState(TrainingProgress? now, IReadOnlyList<(int Step, double Loss)> losses) => (_now, _losses) = (now, losses);

    internal string Html
    {
        get
        {
            double share = _now switch
            {
                { Phase: TrainingPhase.Finished } => 1,
                { Total: > 0 and var total } => Math.Clamp(_now.Done / (double)total, 0, 1),
                _ => 0,
            };
            var html = new StringBuilder("<div style=\"font-family:sans-serif;font-size:13px\">");
            string? line = Line();
            html.Append(CultureInfo.InvariantCulture,
                $"<svg style=\"display:block\" width=\"{Width}\" height=\"{(line is null ? 12 : LineHeight + 16)}\" xmlns=\"http://www.w3.org/2000/svg\">");
            html.Append(CultureInfo.InvariantCulture,
                $"<rect width=\"{Width}\" height=\"8\" rx=\"4\" fill=\"#d0d4d8\"/><rect width=\"{share * Width:0}\" height=\"8\" rx=\"4\" "
                    + $"fill=\"{Palette.Colour(0)}\"/>");
            if (line is not null)
                html.Append(CultureInfo.InvariantCulture, $"<path d=\"{line}\" fill=\"none\" stroke=\"{Palette.Colour(1)}\" stroke-width=\"1.5\"/>");
            return html.Append("</svg>").Append(System.Net.WebUtility.HtmlEncode(ToString())).Append("</div>").ToString();
        }
    }

    /// <summary>Phase, how far it is, loss and time, in a line.</summary>
    public override string ToString() => _now switch
    {
        null => "Training has not begun.",
        { Phase: TrainingPhase.Finished } when _losses.Count > 0 => string.Create(CultureInfo.InvariantCulture, $"{_now}, loss {_losses[^1].Loss:0.00}"),
        _ => _now.ToString(),
    };

    private string? Line()
    {
        if (_now is null || _losses.Count < 2)
            return null;
        int every = (_losses.Count + MostPoints - 1) / MostPoints;
        (int Step, double Loss)[] shown = [.. _losses.Where((_, i) => i % every == 0)];
        double low = shown.Min(point => point.Loss), high = Math.Max(shown.Max(point => point.Loss), low + 1e-9);
        return string.Join('L', shown.Select(point => string.Create(CultureInfo.InvariantCulture,
            $"{point.Step * (double)Width / Math.Max(1, _now.TotalSteps):0.#} {12 + (high - point.Loss) / (high - low) * (LineHeight - 2):0.#}"))).Insert(0,
                "M");
    }
}
