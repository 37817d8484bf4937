using System.Globalization;

namespace Distributed;

/// <summary>One part of rows that several processes divide among themselves: rows <c>Index</c>, <c>Index + Count</c>, and so on.</summary>
/// <param name="Index">From 0.</param>
/// <param name="Count">Number of parts.</param>
internal sealed record Part(int Index, int Count)
{
    /// <summary>The part's file; the same at every start, so that a part that is there is not scored again.</summary>
    public string FileName => string.Create(CultureInfo.InvariantCulture, $"part-{Index + 1:d5}-of-{Count:d5}.tsv");

    /// <summary>What the options say, from 1; else a Slurm array or a Kubernetes indexed job, whose environment says it.</summary>
    /// <exception cref="ArgumentException">There is no such part.</exception>
    public static Part Of(int? part, int? parts, Func<string, string?> environment)
    {
        // A Slurm array begins where its user says; a Kubernetes job at 0.
        var index = part - 1 ?? (Number("SLURM_ARRAY_TASK_ID") is { } task ? task - (Number("SLURM_ARRAY_TASK_MIN") ?? 0) : Number("JOB_COMPLETION_INDEX"));
        var count = parts ?? Number("SLURM_ARRAY_TASK_COUNT");
        if (index > 0 && count is null)
            throw new ArgumentException($"This is part {index + 1}, but nothing says of how many; expected --parts.");
        var result = new Part(index ?? 0, count ?? 1);
        return result.Index >= 0 && result.Index < result.Count
            ? result
            : throw new ArgumentException(
                $"This is part {result.Index + 1} of {result.Count}; expected 1 to {result.Count}. A Slurm array counts in ones (--array=1-{result.Count}).");

        int? Number(string name) => environment(name) is { Length: > 0 } text
            ? int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
                ? number
                : throw new ArgumentException($"The environment variable {name} is '{text}'; expected a whole number.")
            : null;
    }

    /// <summary>The numbers of the part's rows.</summary>
    public IEnumerable<long> Rows(long rows)
    {
        for (long row = Index; row < rows; row += Count)
            yield return row;
    }
}
