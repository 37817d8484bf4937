using Microsoft.Extensions.AI;
using Microsoft.ML.Data;
using Microsoft.ML.GentleClip.EmbeddingGenerators;
using Microsoft.ML.GentleClip.Interop;
using Microsoft.ML.GentleClip.Modalities;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.GentleClip;

/// <summary>
/// Appends the embeddings that a generator of Microsoft.Extensions.AI makes of a column of text. Make one with <c>mlContext.Transforms.Embed(...)</c>.
/// </summary>
/// <remarks>
/// <format type="text/markdown"><![CDATA[
/// ### Estimator Characteristics
/// |  |  |
/// | -- | -- |
/// | Does this estimator need to look at the data to train its parameters? | No, but for one text where the generator does not tell its length |
/// | Input column data type | Scalar of text |
/// | Output column data type | Known-sized vector of <xref:System.Single> |
/// | Required NuGet in addition to Microsoft.ML | Microsoft.ML.GentleClip |
/// | Exportable to ONNX | No |
/// ]]></format>
/// </remarks>
public sealed class TextEmbeddingEstimator : IEstimator<TextEmbeddingTransformer>
{
    private readonly IHostEnvironment _environment;
    private readonly GeneratorCalls _calls;
    private readonly string _output, _input;
    private readonly EmbedOptions _options;

    internal TextEmbeddingEstimator(
        IHostEnvironment environment, IEmbeddingGenerator<string, Embedding<float>> generator, string output, string input, EmbedOptions options)
    {
        MlNetVersion.EnsureSupported();
        (_environment, _output, _input, _options) = (environment, output, input, options);
        _calls = new GeneratorCalls(environment, generator, options, input);
    }

    /// <summary>Finds the length of the embeddings: from the options, the generator, or the first text of the rows.</summary>
    /// <param name="input">The rows; read up to the first text at most.</param>
    /// <returns>The transformer.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The column is missing or no text.</exception>
    /// <exception cref="InvalidOperationException">Nothing tells the length and no row has a text; or the generator failed, or gave something else than one
    /// finite vector.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public TextEmbeddingTransformer Fit(IDataView input)
    {
        ArgumentNullException.ThrowIfNull(input);
        var column = TextEmbeddingTransformer.Find(input.Schema, _input);
        return new TextEmbeddingTransformer(_environment, _calls, _output, _input, _calls.Dimension ?? Probe(input, column), _options.Dimensions);
    }

    /// <summary>The input's columns and the one that is written.</summary>
    /// <param name="inputSchema">Shape of the input.</param>
    /// <exception cref="ArgumentOutOfRangeException">The column is missing or no text.</exception>
    public SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        ArgumentNullException.ThrowIfNull(inputSchema);
        if (!SchemaShapes.TryFind(inputSchema, _input, out var column))
            throw SchemaErrors.Missing("input", _input, inputSchema);
        if (column.Kind != SchemaShape.Column.VectorKind.Scalar || column.ItemType != TextDataViewType.Instance || column.IsKey)
            throw SchemaErrors.Mismatch("input", _input, "String (text)", SchemaShapes.Describe(column));
        var columns = inputSchema.ToDictionary(known => known.Name);
        columns[_output] = SchemaShapes.FloatVector(_output);
        return new SchemaShape(columns.Values);
    }

    private int Probe(IDataView input, DataViewSchema.Column column)
    {
        using var cursor = input.GetRowCursor([column]);
        var getter = cursor.GetGetter<ReadOnlyMemory<char>>(column);
        ReadOnlyMemory<char> text = default;
        while (cursor.MoveNext())
        {
            getter(ref text);
            if (!TextWords.IsBlank(text.Span))
                return _calls.Embed([(text.ToString(), cursor.Position)], dimension: null)[0].Length;
        }
        throw new InvalidOperationException($"Column '{_input}' has no text in any row, and the generator does not tell the length of its embeddings; set "
            + $"{nameof(EmbedOptions)}.{nameof(EmbedOptions.Dimensions)}.");
    }
}
