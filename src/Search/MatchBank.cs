using Microsoft.ML.GentleClip.Analysis;
using Microsoft.ML.GentleClip.Evaluation;

namespace Microsoft.ML.GentleClip.Search;

/// <summary>The rows among which partners are looked for.</summary>
internal sealed class MatchBank
{
    /// <summary>A bank without rows yet, or of rows that were saved.</summary>
    internal MatchBank(EmbeddingRows rows) => Rows = rows;

    /// <summary>Unit embeddings.</summary>
    public EmbeddingRows Rows { get; }

    /// <summary>Numbers of the rows in their view.</summary>
    public List<long> Numbers { get; } = [];

    /// <summary>Identifiers; null without a column of them.</summary>
    public List<string?>? Ids { get; init; }

    /// <summary>Input rows; null where there is nothing to translate to.</summary>
    public List<float[]>? Inputs { get; init; }

    /// <summary>Slots of an input row.</summary>
    public int InputDimension { get; init; }

    /// <summary>Rows left out.</summary>
    public long SkippedRowCount { get; set; }

    /// <summary>Reads a view once.</summary>
    /// <exception cref="ArgumentException">A column is not there or of an unfit type.</exception>
    /// <exception cref="InvalidOperationException">A value is infinite, or no row is left.</exception>
    public static MatchBank Read(
        IDataView data, string embeddingColumn, string? idColumn, string? inputColumn, string role, CancellationToken cancellationToken)
    {
        var embedding = EmbeddingColumnReader.Find(data, embeddingColumn);
        var id = idColumn is null ? null : LabelColumnReader.Find(data, idColumn, "identifier");
        var input = inputColumn is null ? null : FeatureColumn.Find(data.Schema, inputColumn);
        var bank = new MatchBank(new EmbeddingRows(embedding.Dimension))
        {
            Ids = id is null ? null : [],
            Inputs = input is null ? null : [],
            InputDimension = input?.Dimension ?? 0,
        };
        using var cursor = Columns.Open(data, embedding.Column, id?.Column, input?.Column);
        embedding.Open(cursor);
        id?.Open(cursor);
        input?.Open(cursor);
        for (var row = 0L; cursor.MoveNext(); row++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (embedding.Read(row) is not { IsEmpty: false } values || input?.Read(row) == false)
            {
                bank.SkippedRowCount++;
                continue;
            }
            bank.Rows.Add(values);
            bank.Numbers.Add(row);
            bank.Ids?.Add(id!.Read());
            bank.Inputs?.Add([.. input!.Values.Select(value => (float)value)]);
        }
        return bank.Rows.Count > 0
            ? bank
            : throw new InvalidOperationException($"No row of the {role} has an embedding '{embeddingColumn}'"
                + $"{(inputColumn is null ? "" : $" and an input '{inputColumn}'")}; "
                + $"it has {bank.SkippedRowCount} rows.");
    }
}
