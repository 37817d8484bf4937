namespace Microsoft.ML.GentleClip.Modalities;

/// <summary>Stands for a modality whose column a schema does not have: it is absent in every row.</summary>
internal sealed class AbsentBinding() : ModalityBinding(default)
{
    /// <inheritdoc/>
    public override IReadOnlyList<DataViewSchema.Column> Columns => [];

    /// <inheritdoc/>
    public override int InputDimension => 0;

    /// <inheritdoc/>
    public override ExampleReader Open(DataViewRow row) => new Reader();

    /// <summary>A store that stays empty.</summary>
    public override ExampleStore CreateStore() => new VectorStore(1);

    private sealed class Reader : ExampleReader
    {
        public override ReadOnlySpan<byte> Content => [];

        public override string Problem => "";

        public override Presence Read() => Presence.Absent;
    }
}
