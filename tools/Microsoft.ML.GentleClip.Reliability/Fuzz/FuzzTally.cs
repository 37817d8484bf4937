using System.Diagnostics;
using System.Globalization;

namespace Microsoft.ML.GentleClip.Reliability;

/// <summary>What came of the files of one format.</summary>
internal sealed class FuzzTally(string format)
{
    private readonly SortedDictionary<string, int> _refused = new(StringComparer.Ordinal);

    public string Format { get; } = format;

    public int Read { get; private set; }

    public int Refused => _refused.Values.Sum();

    public int Files => Read + Refused;

    /// <summary>Largest part of what was justified that a file took.</summary>
    public double LargestShare { get; private set; }

    public TimeSpan Longest { get; private set; }

    public Stopwatch Clock { get; } = new();

    public void Add(Type? problem, double share, TimeSpan time)
    {
        if (problem is null)
            Read++;
        else
            _refused[problem.Name] = _refused.GetValueOrDefault(problem.Name) + 1;
        LargestShare = Math.Max(LargestShare, share);
        Longest = time > Longest ? time : Longest;
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{Format}: {Files} files, {Read} read, {Refused} refused "
            + $"({(_refused.Count == 0 ? "none" : string.Join(", ", _refused.Select(kind => $"{kind.Key} {kind.Value}")))}), longest "
                + $"{Longest.TotalMilliseconds:F0} ms, memory at most {LargestShare:P0} of the bound, {Clock.Elapsed.TotalSeconds:F0} s");
}
