using Microsoft.ML.GentleClip.Evaluation;
using Microsoft.ML.GentleClip.Interop;

namespace Microsoft.ML.GentleClip.Search;

/// <summary>What a saved <see cref="ModalityMatcherTransformer"/> holds: a matcher with its bank, and the columns that it reads and writes.</summary>
/// <param name="Matcher">The matcher.</param>
/// <param name="EmbeddingColumn">Column that is read.</param>
/// <param name="TranslationColumn">Column that receives the translation; null where the columns of a matching are appended.</param>
internal sealed record ModalityMatcherModel(ModalityMatcher Matcher, string EmbeddingColumn, string? TranslationColumn)
{
    private const string DescriptionEntry = "matcher.json", IdsEntry = "ids.json",
        EmbeddingsEntry = "embeddings.bin", NumbersEntry = "numbers.bin", PotentialsEntry = "potentials.bin", InputsEntry = "inputs.bin";

    private const int RowsAtOnce = 1 << 16;

    /// <summary>Writes the description and the bank.</summary>
    public void Write(ModelWriter writer)
    {
        var bank = Matcher.Bank;
        writer.WriteJson(DescriptionEntry, new Description(
            EmbeddingColumn, TranslationColumn, Matcher.Count, Matcher.Dimension, bank.SkippedRowCount, bank.InputDimension, Matcher.HasIds, Matcher.ToPlan()));
        writer.WriteRows(EmbeddingsEntry, Enumerable.Range(0, Matcher.Count).Select(row => bank.Rows.Values(row).ToArray()));
        writer.WriteRows(NumbersEntry, bank.Numbers.Chunk(RowsAtOnce));
        writer.WriteRows(PotentialsEntry, Matcher.Potentials.Chunk(RowsAtOnce));
        if (bank.Inputs is { } inputs)
            writer.WriteRows(InputsEntry, inputs);
        if (bank.Ids is { } ids)
            writer.WriteJson<string?[]>(IdsEntry, [.. ids]);
    }

    /// <summary>Reads what was written.</summary>
    /// <exception cref="FormatException">Something is missing or contradicts itself.</exception>
    public static ModalityMatcherModel Read(ModelReader reader)
    {
        var read = reader.ReadJson<Description>(DescriptionEntry, IsComplete);
        var rows = new EmbeddingRows(read.Dimension, scale: false); // unit rows, bit for bit those that were saved
        reader.ReadRows<float>(EmbeddingsEntry, read.Rows, read.Dimension, row => rows.Add(Finite(row, EmbeddingsEntry)));
        var bank = new MatchBank(rows)
        {
            Ids = read.HasIds ? [.. reader.ReadJson<string?[]>(IdsEntry, ids => ids.Length == read.Rows)] : null,
            Inputs = read.InputDimension > 0 ? [] : null,
            InputDimension = read.InputDimension,
            SkippedRowCount = read.SkippedRowCount,
        };
        reader.ReadRows<long>(NumbersEntry, read.Rows, 1, row => bank.Numbers.Add(row[0]));
        var potentials = new List<double>();
        reader.ReadRows<double>(PotentialsEntry, read.Rows, 1, row => potentials.Add(row[0]));
        if (bank.Inputs is { } inputs)
            reader.ReadRows<float>(InputsEntry, read.Rows, read.InputDimension, row => inputs.Add([.. Finite(row, InputsEntry)]));
        return new(ModalityMatcher.Restore(bank, [.. potentials], read.Plan), read.EmbeddingColumn, read.TranslationColumn);
    }

    private static float[] Finite(float[] row, string entry) => Array.TrueForAll(row, float.IsFinite)
        ? row
        : throw new FormatException($"The saved model's entry '{entry}' has a number that is not finite.");

    private static bool IsComplete(Description read) =>
        read is { EmbeddingColumn.Length: > 0, Rows: > 0, Dimension: > 0, InputDimension: >= 0, Plan.Temperature: > 0 }
        && (read.TranslationColumn is null || (read.TranslationColumn.Length > 0 && read.InputDimension > 0))
        && (read.Plan.Calibration is not { } calibration
            || (calibration.Absent?.IsOf(MatchEvidence.Features) == true && calibration.Right?.IsOf(MatchEvidence.Features) == true));

    private sealed record Description(
        string EmbeddingColumn, string? TranslationColumn, int Rows, int Dimension, long SkippedRowCount, int InputDimension, bool HasIds,
        ModalityMatcherPlan Plan);
}
