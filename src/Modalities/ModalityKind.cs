namespace Microsoft.ML.GentleClip.Modalities;

/// <summary>A kind of modality: how its columns are bound, and what an input of it may be. Nothing else knows the modality's class.</summary>
internal abstract class ModalityKind
{
    /// <summary>Name in the metadata of an exported tower. Files that were written have it: it never changes.</summary>
    public abstract string Name { get; }

    /// <summary>The accepted types of the input column, in words.</summary>
    public abstract string ExpectedType { get; }

    /// <summary>Names of the .NET types that an embedding generator and <see cref="OnnxPreprocessor"/> take, in words.</summary>
    public abstract string InputTypes { get; }

    /// <summary>Whether a modality is of this kind.</summary>
    public abstract bool Serves(Modality modality);

    /// <summary>Whether a promised input column can be bound.</summary>
    public abstract bool Accepts(SchemaShape.Column column);

    /// <summary>Binds the modality's columns.</summary>
    /// <param name="modality">Of this kind.</param>
    /// <param name="column">Its input column.</param>
    /// <param name="schema">Where the others are looked up.</param>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or of another type (ML.NET's schema mismatch).</exception>
    public abstract ModalityBinding Bind(Modality modality, DataViewSchema.Column column, DataViewSchema schema);

    /// <summary>How a .NET type is read as this modality; null where it cannot be.</summary>
    /// <param name="modality">Of this kind.</param>
    /// <param name="inputDimension">Size of one sample, where the modality has one.</param>
    public abstract GeneratorInput<TInput>? InputOf<TInput>(Modality modality, int inputDimension);

    /// <summary>Checks the promise of the columns beside the input column.</summary>
    /// <exception cref="ArgumentOutOfRangeException">One is missing or of another type (ML.NET's schema mismatch).</exception>
    public virtual void CheckOtherColumns(Modality modality, SchemaShape shape)
    {
    }
}

/// <summary>A kind of modality that knows the modality's class.</summary>
internal abstract class ModalityKind<TModality> : ModalityKind where TModality : Modality
{
    /// <inheritdoc/>
    public sealed override bool Serves(Modality modality) => modality is TModality;

    /// <inheritdoc/>
    public sealed override ModalityBinding Bind(Modality modality, DataViewSchema.Column column, DataViewSchema schema) =>
        Bind((TModality)modality, column, schema);

    /// <inheritdoc/>
    public sealed override GeneratorInput<TInput>? InputOf<TInput>(Modality modality, int inputDimension) =>
        (GeneratorInput<TInput>?)InputOf(typeof(TInput), (TModality)modality, inputDimension);

    /// <inheritdoc/>
    public sealed override void CheckOtherColumns(Modality modality, SchemaShape shape) => CheckOtherColumns((TModality)modality, shape);

    /// <inheritdoc cref="ModalityKind.Bind(Modality, DataViewSchema.Column, DataViewSchema)"/>
    protected abstract ModalityBinding Bind(TModality modality, DataViewSchema.Column column, DataViewSchema schema);

    /// <summary>How a .NET type is read as this modality, a <see cref="GeneratorInput{TInput}"/> of that type; null where it cannot be.</summary>
    protected abstract object? InputOf(Type type, TModality modality, int inputDimension);

    /// <inheritdoc cref="ModalityKind.CheckOtherColumns(Modality, SchemaShape)"/>
    protected virtual void CheckOtherColumns(TModality modality, SchemaShape shape)
    {
    }
}
