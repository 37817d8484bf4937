using Microsoft.Extensions.AI;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.GentleClip;
using Microsoft.ML.GentleClip.EmbeddingGenerators;
using Microsoft.ML.GentleClip.Interop;
using Microsoft.ML.Runtime;

[assembly: LoadableClass(typeof(TextEmbeddingTransformer), typeof(ModelLoader<TextEmbeddingTransformer>), null, typeof(SignatureLoadModel),
    "Texts embedded by a generator", TextEmbeddingTransformer.LoaderSignature)]

namespace Microsoft.ML.GentleClip;

/// <summary>
/// Appends the embeddings that a generator of Microsoft.Extensions.AI makes of a column of text; made by fitting a <see cref="TextEmbeddingEstimator"/>.
/// </summary>
/// <remarks>
/// A saved model holds the columns, the length of the embeddings and the names of model and provider, and no generator: after a load, give one with
/// <see cref="Use"/> or <see cref="EmbeddingGeneratorExtensions.UseEmbeddingGenerator"/>. Empty and blank texts get NaN without a call. The generator is
/// called as rows are read, for many at a time; a single row of a prediction engine is a call of its own.
/// </remarks>
public sealed class TextEmbeddingTransformer : AppendingTransformer, ILoadable<TextEmbeddingTransformer>
{
    internal const string LoaderSignature = "TextEmbedding";

    private const string Entry = "text-embedding.json", ExpectedType = "String (text)";

    // *** Binary format ***
    // entry text-embedding.json: UTF-8 JSON, columns, length, model and provider (Description)
    private static readonly ModelFormat FileFormat = new(
        ModelSignature: "TXTEMBED",
        LoaderSignature,
        Written: 0x00010001,    // initial
        Readable: 0x00010001,
        ReadBack: 0x00010001);

    private readonly Description _description;
    private volatile GeneratorCalls? _calls;

    internal TextEmbeddingTransformer(IHostEnvironment environment, GeneratorCalls calls, string output, string input, int dimension, int? asked)
        : this(environment, new Description(output, input, dimension, calls.ModelId, calls.Provider, asked)) => _calls = calls;

    private TextEmbeddingTransformer(IHostEnvironment environment, Description description) : base(environment, FileFormat) => _description = description;

    /// <summary>Column of the texts.</summary>
    public string InputColumnName => _description.Input;

    /// <summary>Column of the embeddings.</summary>
    public string OutputColumnName => _description.Output;

    /// <summary>Length of the embeddings.</summary>
    public int Dimension => _description.Dimension;

    /// <summary>The model that the training's generator was of, where it said so.</summary>
    public string? ModelId => _description.ModelId;

    /// <summary>Who ran it, where the generator said so.</summary>
    public string? ProviderName => _description.Provider;

    /// <summary>Whether there is a generator: not after a load, until one is given.</summary>
    public bool HasGenerator => _calls is not null;

    /// <summary>Gives the generator that a saved model does not hold.</summary>
    /// <param name="generator">Of the training's model; stays the caller's, and must live as long as rows are read.</param>
    /// <param name="options">How it is called; null takes the defaults, with the training's model and length.</param>
    /// <exception cref="ArgumentException">It is of another model or another length than the training's; the message says which.</exception>
    public void Use(IEmbeddingGenerator<string, Embedding<float>> generator, EmbedOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(generator);
        options ??= new EmbedOptions();
        var calls = new GeneratorCalls(HostEnvironment, generator, options with { Dimensions = options.Dimensions ?? _description.Asked }, InputColumnName);
        if (ModelId is not null && calls.ModelId is not null && ModelId != calls.ModelId)
            throw new ArgumentException(
                $"Column '{OutputColumnName}' was embedded by the model '{ModelId}'; the generator is of '{calls.ModelId}', whose numbers mean something else.",
                nameof(generator));
        if (calls.Dimension is { } dimension && dimension != Dimension)
            throw new ArgumentException($"Column '{OutputColumnName}' has {Dimension} numbers; the generator gives {dimension}.", nameof(generator));
        _calls = calls;
    }

    static ModelFormat ILoadable<TextEmbeddingTransformer>.LoadableFormat => FileFormat;

    static TextEmbeddingTransformer ILoadable<TextEmbeddingTransformer>.Load(IHostEnvironment environment, ModelReader reader) =>
        new(environment, reader.ReadJson<Description>(Entry, read => read is { Output.Length: > 0, Input.Length: > 0, Dimension: > 0 and <= 1 << 20 }));

    private protected override void SaveModel(ModelWriter writer) => writer.WriteJson(Entry, _description);

    /// <summary>The column of texts.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is missing or no text.</exception>
    internal static DataViewSchema.Column Find(DataViewSchema schema, string name)
    {
        var column = schema.GetColumnOrNull(name) ?? throw SchemaErrors.Missing("input", name, schema);
        return column.Type == TextDataViewType.Instance ? column : throw SchemaErrors.Mismatch("input", name, ExpectedType, $"{column.Type}");
    }

    private protected override AppendedColumns Bind(DataViewSchema schema) => Bind(schema, rows: null);

    // A cursor over rows that are known calls the generator for many of them at a time; a single row is a call of its own.
    private protected override AppendedColumns Bind(DataViewSchema schema, IDataView? rows) =>
        new EmbeddedTexts(_calls, Find(schema, InputColumnName), OutputColumnName, Dimension, rows);

    private sealed record Description(string Output, string Input, int Dimension, string? ModelId, string? Provider, int? Asked);
}
