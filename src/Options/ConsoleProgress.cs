namespace Microsoft.ML.GentleClip;

/// <summary>
/// Shows how far a <c>Fit</c> is, in the console: <c>options.Progress = new ConsoleProgress();</c>.
/// </summary>
/// <remarks>
/// <para>It writes to standard error, so that what the program prints can be redirected without it. In a terminal it rewrites one line, as wide as
/// the terminal at most. Where standard error is redirected it writes whole lines without control characters: one at the beginning of each phase,
/// one every few seconds of long ones, one at the end.</para>
/// <para>It writes at once, on the thread that trains, where <see cref="Progress{T}"/> posts to another. It may be shared by several trainings at the
/// same time. It never throws: once the console cannot be written to (a closed pipe), it is silent.</para>
/// </remarks>
/// <example>
/// <code>
/// options.Progress = new ConsoleProgress("alignment");
/// </code>
/// </example>
public sealed class ConsoleProgress : IProgress<TrainingProgress>
{
    private const int WidthWithoutTerminal = 80;
    private static readonly TimeSpan BetweenLines = TimeSpan.FromSeconds(5);

    private readonly Lock _lock = new();
    private readonly string _prefix;
    private readonly Func<TextWriter> _output;
    private readonly Func<int>? _terminalWidth;
    private TrainingPhase? _phase;
    private string? _column;
    private TimeSpan _lastLine;
    private int _shown;
    private bool _isSilent;

    /// <summary>Makes a reporter for <see cref="GentleClipOptions.Progress"/>.</summary>
    /// <param name="title">What each line begins with, followed by a colon; null (default) for nothing.</param>
    /// <param name="output">
    /// A writer that gets whole lines without control characters; it is flushed after each and not disposed. Null (default): standard error.
    /// </param>
    public ConsoleProgress(string? title = null, TextWriter? output = null)
        : this(output is null ? () => Console.Error : () => output, output is null && IsTerminal() ? TerminalWidth : null, title)
    {
    }

    internal ConsoleProgress(Func<TextWriter> output, Func<int>? terminalWidth, string? title)
    {
        (_output, _terminalWidth) = (output, terminalWidth);
        _prefix = string.IsNullOrEmpty(title) ? "" : $"{Printable(title)}: ";
    }

    /// <summary>Shows a report.</summary>
    /// <param name="value">How far the training is.</param>
    /// <exception cref="ArgumentNullException"><paramref name="value"/> is null.</exception>
    public void Report(TrainingProgress value)
    {
        ArgumentNullException.ThrowIfNull(value);
        lock (_lock)
        {
            if (_isSilent)
                return;
            try
            {
                var output = _output();
                if (_terminalWidth is not null)
                    Rewrite(output, value, _terminalWidth());
                else if (IsDue(value))
                    output.WriteLine(_prefix + Printable(value.ToString()));
                output.Flush();
            }
            catch (Exception)
            {
                // What cannot be shown is no reason to end a training.
                _isSilent = true;
            }
        }
    }

    // Validations and checkpoints come and go between steps: they get a line when one is due anyway.
    private bool IsDue(TrainingProgress value)
    {
        var passes = value.Phase is TrainingPhase.Validating or TrainingPhase.SavingCheckpoint;
        var isNew = !passes && (value.Phase != _phase || value.ColumnName != _column);
        // Less time than at the last line: another training.
        if (!isNew && value.Elapsed - _lastLine < BetweenLines && value.Elapsed >= _lastLine)
            return false;
        if (!passes)
            (_phase, _column) = (value.Phase, value.ColumnName);
        _lastLine = value.Elapsed;
        return true;
    }

    private void Rewrite(TextWriter output, TrainingProgress value, int width)
    {
        var text = _prefix + Printable(value.ToString());
        // In the last column some terminals begin a new line.
        if (text.Length >= width)
            text = text[..Math.Max(0, width - 1)];
        output.Write('\r');
        output.Write(text.PadRight(Math.Min(_shown, Math.Max(0, width - 1))));
        _shown = text.Length;
        if (value.Phase is not (TrainingPhase.Finished or TrainingPhase.Stopped))
            return;
        output.WriteLine();
        _shown = 0;
    }

    // A column's name may hold anything.
    private static string Printable(string text) =>
        text.Any(char.IsControl) ? string.Concat(text.Select(letter => char.IsControl(letter) ? '?' : letter)) : text;

    private static bool IsTerminal() => !Console.IsErrorRedirected && Environment.GetEnvironmentVariable("TERM") != "dumb";

    private static int TerminalWidth()
    {
        try
        {
            return Console.WindowWidth is > 1 and var width ? width : WidthWithoutTerminal;
        }
        catch (Exception problem) when (problem is IOException or PlatformNotSupportedException)
        {
            return WidthWithoutTerminal;
        }
    }
}
