using System.Globalization;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.GentleClip.Data;

/// <summary>Tells the log and the user's report what was left out, merged, renamed, moved or split.</summary>
internal static class ProteinFileLog
{
    private const int MostFiles = 100;

    // What the reader could not do right by everyone; the rest is in the sum.
    private static readonly ProteinFileRemark[] Grave =
    [
        ProteinFileRemark.BadRecord, ProteinFileRemark.FurtherDataBlocks, ProteinFileRemark.SplitChain, ProteinFileRemark.RepairedNumber,
        ProteinFileRemark.InnerStop, ProteinFileRemark.EmptyRecord,
    ];

    /// <summary>Warns of alignments in a folder of sequences: they hold many rows for each protein and are read by a pattern.</summary>
    public static void WarnOfAlignments(IHostEnvironment env, string path)
    {
        string[] alignments = Directory.Exists(path) ? [.. Directory.EnumerateFiles(path).Where(ProteinFile.IsAlignment).Order(StringComparer.Ordinal)] : [];
        if (alignments.Length == 0)
            return;
        using var channel = env.Start("Protein files");
        channel.Warning(MessageSensitivity.None, string.Create(CultureInfo.InvariantCulture,
            $"{path}: {alignments.Length} alignments are passed over, such as {Path.GetFileName(alignments[0])}: they hold many sequences per protein. ")
            + $"A pattern reads them, such as '{Path.Combine(path, "*.a3m")}'.");
    }

    /// <summary>Writes the warnings, and the sum last.</summary>
    public static void Write(IHostEnvironment env, IReadOnlyList<ProteinFileNotes> files, ProteinFileOptions options)
    {
        using var channel = env.Start("Protein files");
        var total = new ProteinFileNotes();
        var (skipped, noted) = (0, 0);
        foreach (var file in files)
        {
            total.Add(file);
            options.Report?.Add(file);
            if (file.Problem is { } problem)
            {
                skipped++;
                channel.Warning(
                    MessageSensitivity.None,
                    $"Skipped a file{(file.Rows > 0 ? FormattableString.Invariant($" behind its first {file.Rows} rows") : "")}. " +
                    $"{(problem.Contains(file.File, StringComparison.Ordinal) ? "" : $"{file.File}: ")}{problem}");
            }
            else if (Array.Exists(Grave, remark => file[remark] > 0) && ++noted <= MostFiles)
            {
                channel.Warning(MessageSensitivity.None, $"{file.File}: {file}. {string.Join("; ", file.Details)}");
            }
        }
        if (noted > MostFiles)
        {
            channel.Warning(
                MessageSensitivity.None, FormattableString.Invariant($"{noted - MostFiles} more files have remarks; a ProteinFileReport lists them."));
        }
        var remarks = total.ToString();
        var rows = FormattableString.Invariant($"{total.Rows} rows from {files.Count - skipped} of {files.Count} files.");
        channel.Info(MessageSensitivity.None, remarks.Length > 0 ? $"{rows} {remarks}." : rows);
    }
}
