using Microsoft.ML.Data;

namespace Microsoft.ML.GentleClip.Tests.Transformers;

/// <summary>One row with a vector column that its owner fills anew: the position stays, the id tells the samples apart.</summary>
internal sealed class RefilledRow(DataViewSchema schema, string column) : DataViewRow
{
    private ulong _id;

    /// <summary>What the column holds.</summary>
    public float[] Values { get; private set; } = [];

    public override DataViewSchema Schema => schema;

    public override long Position => 0;

    public override long Batch => 0;

    /// <summary>Fills in the next sample.</summary>
    public void Fill(float[] values) => (Values, _id) = (values, _id + 1);

    public override bool IsColumnActive(DataViewSchema.Column other) => other.Name == column;

    public override ValueGetter<DataViewRowId> GetIdGetter() => (ref DataViewRowId id) => id = new DataViewRowId(_id, 0);

    public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column other) =>
        (ValueGetter<TValue>)(Delegate)(ValueGetter<VBuffer<float>>)((ref VBuffer<float> value) => value = new VBuffer<float>(Values.Length, Values));
}
