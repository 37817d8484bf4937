using Microsoft.ML.Data;

namespace Microsoft.ML.GentleClip.Modalities;

/// <summary>One input at a time as a row of the columns that a modality reads.</summary>
internal sealed class InputRow<TInput> : DataViewRow
{
    private readonly IReadOnlyList<Delegate> _getters;
    private TInput _current = default!;
    private long _position = -1;

    /// <summary>Makes a row without an input.</summary>
    public InputRow(DataViewSchema schema, GeneratorInput<TInput> input)
    {
        Schema = schema;
        _getters = input.Getters(() => _current);
    }

    /// <inheritdoc/>
    public override DataViewSchema Schema { get; }

    /// <inheritdoc/>
    public override long Position => _position;

    /// <inheritdoc/>
    public override long Batch => 0;

    /// <summary>Moves to an input.</summary>
    public void Set(TInput input, long position) => (_current, _position) = (input, position);

    /// <inheritdoc/>
    public override bool IsColumnActive(DataViewSchema.Column column) => true;

    /// <inheritdoc/>
    public override ValueGetter<DataViewRowId> GetIdGetter() => (ref DataViewRowId id) => id = new DataViewRowId((ulong)_position, 0);

    /// <inheritdoc/>
    public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column) => (ValueGetter<TValue>)_getters[column.Index];
}
