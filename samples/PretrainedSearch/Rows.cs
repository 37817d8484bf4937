using Microsoft.ML;
using Microsoft.ML.Data;

namespace PretrainedSearch;

/// <summary>A row of pictures and words; either may be missing.</summary>
internal sealed class PictureRow
{
    /// <summary>Content of a picture file; none where it is missing.</summary>
    public byte[] Picture { get; init; } = [];

    public string Words { get; init; } = "";

    public bool IsPaired { get; init; }
}

/// <summary>The same as features; NaN where a side is missing.</summary>
internal sealed class FeatureRow
{
    public float[] Picture { get; init; } = [];

    public float[] Words { get; init; } = [];

    public bool IsPaired { get; init; }

    public string Group { get; init; } = "";

    /// <summary>Rows as a view; the widths are known only when it runs.</summary>
    public static IDataView View(MLContext mlContext, IReadOnlyCollection<FeatureRow> rows)
    {
        var schema = SchemaDefinition.Create(typeof(FeatureRow));
        schema[nameof(Picture)].ColumnType = new VectorDataViewType(NumberDataViewType.Single, rows.First().Picture.Length);
        schema[nameof(Words)].ColumnType = new VectorDataViewType(NumberDataViewType.Single, rows.First().Words.Length);
        return mlContext.Data.LoadFromEnumerable(rows, schema);
    }
}
