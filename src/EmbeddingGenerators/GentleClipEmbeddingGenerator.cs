using System.Globalization;
using Microsoft.Extensions.AI;
using Microsoft.ML.GentleClip.Encoders;
using Microsoft.ML.GentleClip.Modalities;
using Microsoft.ML.GentleClip.Transformers;

namespace Microsoft.ML.GentleClip.EmbeddingGenerators;

/// <summary>
/// One side of a transformer as an embedding generator. Inputs go through the readers and passes of its column; calls share nothing but the weights.
/// </summary>
internal sealed class GentleClipEmbeddingGenerator<TInput> : IEmbeddingGenerator<TInput, Embedding<float>>
{
    private const string Provider = "Microsoft.ML.GentleClip";

    private readonly GentleClipTransformer _transformer;
    private readonly EmbeddingColumn _column;
    private readonly GeneratorInput<TInput> _input;
    private readonly DataViewSchema _schema;
    private readonly ModalityBinding _binding;
    private readonly EmbeddingGeneratorMetadata _metadata;

    /// <summary>Binds a side of a transformer to a type of input.</summary>
    public GentleClipEmbeddingGenerator(GentleClipTransformer transformer, EmbeddingColumn column, GeneratorInput<TInput> input, string? modelId)
    {
        column.ThrowIfDisposed();
        (_transformer, _column, _input) = (transformer, column, input);
        var builder = new DataViewSchema.Builder();
        foreach (var (name, type) in input.Columns)
            builder.AddColumn(name, type);
        _schema = builder.ToSchema();
        _binding = ModalityKinds.Bind(column.Spec.Modality, _schema);
        _metadata = new EmbeddingGeneratorMetadata(Provider, null, modelId ?? ModelIdOf(column), column.Dimension);
    }

    /// <inheritdoc/>
    public Task<GeneratedEmbeddings<Embedding<float>>> GenerateAsync(IEnumerable<TInput> values, EmbeddingGenerationOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(values);
        CheckOptions(options);
        TInput[] inputs = [.. values]; // the caller's, so read by the caller
        for (var i = 0; i < inputs.Length; i++)
        {
            if (inputs[i] is null)
                throw Unfit(i, "null");
            if (_input.Check(inputs[i]) is { } problem)
                throw Unfit(i, problem);
        }
        // Computing takes its time: the caller's thread is not to wait for it.
        return Task.Run(() => Generate(inputs, cancellationToken), cancellationToken);
    }

    /// <inheritdoc/>
    public object? GetService(Type serviceType, object? serviceKey = null)
    {
        ArgumentNullException.ThrowIfNull(serviceType);
        if (serviceKey is not null)
            return null;
        return serviceType.IsInstanceOfType(this) ? this
            : serviceType.IsInstanceOfType(_metadata) ? _metadata : serviceType.IsInstanceOfType(_transformer) ? _transformer : null;
    }

    /// <summary>Nothing: the transformer is its owner's.</summary>
    public void Dispose()
    {
    }

    private static string ModelIdOf(EmbeddingColumn column) =>
        $"gentle-clip/{column.Spec.Modality.InputColumnName}{(column.Output.Name is { } output ? $"/{output}" : "")}";

    private GeneratedEmbeddings<Embedding<float>> Generate(TInput[] inputs, CancellationToken cancellationToken)
    {
        _column.ThrowIfDisposed();
        var plan = _transformer.PlanFor([_column]);
        var batches = new LengthBatches();
        var row = new InputRow<TInput>(_schema, _input);
        var reader = _binding.Open(row);
        using var examples = _binding.CreateStore();
        var created = DateTimeOffset.UtcNow;
        var result = new GeneratedEmbeddings<Embedding<float>>(inputs.Length);
        var values = new float[Math.Min(plan.Window, inputs.Length) * _column.Dimension];
        for (var start = 0; start < inputs.Length; start += plan.Window)
        {
            examples.Clear();
            for (var i = start; i < Math.Min(inputs.Length, start + plan.Window); i++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                row.Set(inputs[i], i);
                Add(i, reader, examples);
            }
            _column.Tower.Run(examples, batches, plan, [(_column.Output, values)], cancellationToken);
            for (var i = 0; i < examples.Count; i++)
                result.Add(new Embedding<float>(values.AsSpan(i * _column.Dimension, _column.Dimension).ToArray())
                {
                    CreatedAt = created,
                    ModelId = _metadata.DefaultModelId,
                });
        }
        return result;
    }

    private void Add(int index, ExampleReader reader, ExampleStore examples)
    {
        Presence presence;
        try
        {
            presence = reader.Read();
        }
        catch (InvalidOperationException exception) when (UnreadablePicture.ProblemOf(exception) is not null)
        {
            throw Unfit(index, $"one that cannot be used: {UnreadablePicture.ProblemOf(exception)}");
        }
        switch (presence)
        {
            case Presence.Present:
                examples.Add(reader);
                break;
            case Presence.Invalid:
                throw Unfit(index, reader.Problem);
            default:
                throw Unfit(index, "a missing sample (nothing, blanks, or NaN in every slot)");
        }
    }

    private void CheckOptions(EmbeddingGenerationOptions? options)
    {
        if (options?.Dimensions is { } dimensions && dimensions != _column.Dimension)
            throw new ArgumentException(string.Create(CultureInfo.InvariantCulture,
                $"The model's {_column.Output.Name ?? "embeddings"} have {_column.Dimension} dimensions; {dimensions} were asked for."), nameof(options));
        if (options?.ModelId is { } model && model != _metadata.DefaultModelId)
            throw new ArgumentException($"This generator has one model, '{_metadata.DefaultModelId}'; '{model}' was asked for.", nameof(options));
    }

    private ArgumentException Unfit(int index, string found) => new(
        string.Create(CultureInfo.InvariantCulture,
            $"Input {index} cannot be embedded as '{_column.Spec.Modality.InputColumnName}': expected {_input.Expected}, found {found}."));
}
