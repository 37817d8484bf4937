using Microsoft.ML.Data;
using Microsoft.ML.GentleClip.Interop;
using Microsoft.ML.GentleClip.Modalities;
using Microsoft.ML.GentleClip.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Trainers;

/// <summary>The keywords of a training: their samples, and which pairs hold them.</summary>
internal sealed class KeywordBatch : IDisposable
{
    private readonly Tensor _samples;
    private readonly Tensor _indicators;

    private KeywordBatch(Tensor samples, Tensor indicators, Side side) => (_samples, _indicators, Side) = (samples, indicators, side);

    /// <summary>The modality whose samples the keywords are.</summary>
    public Side Side { get; }

    /// <summary>The keywords as a batch of their modality.</summary>
    public ModalityBatch Samples => new VectorBatch(_samples);

    /// <summary>Moves the keywords to a device; null without keywords.</summary>
    public static KeywordBatch? Create(KeywordOptions? keywords, IReadOnlyList<bool[]> pairKeywords, Device device)
    {
        if (keywords is null)
            return null;
        using var scope = NewDisposeScope();
        var (count, dimension) = (keywords.Samples.Count, keywords.Samples[0].Length);
        var samples = tensor(keywords.Samples.SelectMany(sample => sample).ToArray(), [count, dimension]).to(device);
        var indicators = tensor(pairKeywords.SelectMany(pair => pair).ToArray(), [pairKeywords.Count, count]).to(device);
        return new KeywordBatch(samples.DetachFromDisposeScope(), indicators.DetachFromDisposeScope(), keywords.Modality);
    }

    /// <summary>Whether each of some pairs holds each keyword, <c>[pairs, keywords]</c>.</summary>
    public Tensor Indicators(ReadOnlySpan<int> pairs) =>
        _indicators.index_select(0, tensor(Array.ConvertAll(pairs.ToArray(), pair => (long)pair), device: _indicators.device));

    /// <summary>Finds the indicator column and checks it and the keywords' size.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The column is missing or of another type.</exception>
    /// <exception cref="ArgumentException">The keywords have another size than the samples of their modality.</exception>
    public static DataViewSchema.Column Bind(KeywordOptions keywords, DataViewSchema schema, ModalityBinding a, ModalityBinding b)
    {
        var name = keywords.IndicatorColumnName;
        var column = schema.GetColumnOrNull(name) ?? throw SchemaErrors.Missing("keyword", name, schema);
        var count = keywords.Samples.Count;
        if (column.Type is not VectorDataViewType vector || vector.Size != count
            || (vector.ItemType != NumberDataViewType.Single && vector.ItemType != BooleanDataViewType.Instance))
            throw SchemaErrors.Mismatch(
                "keyword", name, $"Vector<Single, {count}> or Vector<Boolean, {count}>, a slot a keyword,", column.Type.ToString()!);
        var own = new Sides<ModalityBinding>(a, b)[keywords.Modality];
        if (own.InputDimension != keywords.Samples[0].Length)
            throw new ArgumentException(
                $"The keywords have {keywords.Samples[0].Length} values each; expected {own.InputDimension} as in column '{own.Column.Name}' of their "
                + "modality.");
        return column;
    }

    /// <summary>A getter of a row's keywords.</summary>
    public static Func<bool[]> OpenIndicators(DataViewRow row, DataViewSchema.Column column) =>
        ((VectorDataViewType)column.Type).ItemType == BooleanDataViewType.Instance
            ? Open<bool>(row, column, held => held)
            : Open<float>(row, column, value => value != 0);

    private static Func<bool[]> Open<T>(DataViewRow row, DataViewSchema.Column column, Func<T, bool> holds)
    {
        var getter = row.GetGetter<VBuffer<T>>(column);
        var size = ((VectorDataViewType)column.Type).Size;
        VBuffer<T> buffer = default;
        return () =>
        {
            getter(ref buffer);
            if (buffer.Length != size)
                throw RowErrors.WrongLength(row.Position, column.Name, buffer.Length, size);
            return [.. buffer.DenseValues().Select(holds)];
        };
    }

    /// <summary>Frees the tensors.</summary>
    public void Dispose()
    {
        _samples.Dispose();
        _indicators.Dispose();
    }
}
