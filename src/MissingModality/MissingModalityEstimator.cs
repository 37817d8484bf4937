using System.Globalization;
using Microsoft.ML.Data;
using Microsoft.ML.GentleClip.Interop;
using Microsoft.ML.GentleClip.MissingModality;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.GentleClip;

/// <summary>
/// Makes the missing modality of a row a vector of NaNs, whatever stood for it, and fills single missing slots of vectors that are there. Make one with
/// <c>mlContext.Transforms.MarkMissingModality(...)</c>.
/// </summary>
/// <remarks>
/// <format type="text/markdown"><![CDATA[
/// ### Estimator Characteristics
/// |  |  |
/// | -- | -- |
/// | Does this estimator need to look at the data to train its parameters? | Yes with `MissingSlotReplacement.Mean`, otherwise no |
/// | Input column data type | Vector of <xref:System.Single>, <xref:System.Double>, <xref:System.Boolean> or an integer type; of known size, or a given one |
/// | Output column data type | Known-sized vector of <xref:System.Double> where the input is, else of <xref:System.Single> |
/// | Required NuGet in addition to Microsoft.ML | Microsoft.ML.GentleClip |
/// | Exportable to ONNX | Yes, vectors of numbers of known size |
/// ]]></format>
/// <para>A row is absent where its array is null or empty, or all its slots are NaN. It becomes a vector of NaNs of the column's
/// size, which most of ML.NET's steps take, unlike a null
/// array under a fixed <see cref="VectorTypeAttribute"/>. Its slots are never filled: <c>ReplaceMissingValues</c> would turn
/// every row into a matched pair.</para>
/// <para>A vector that has some slots and lacks others keeps those it has; the others are filled as
/// <see cref="MissingSlotReplacement"/> says. A vector of another length is an error that names row and
/// column.</para>
/// </remarks>
public sealed class MissingModalityEstimator : IEstimator<MissingModalityTransformer>
{
    private const int RowsBetweenChecks = 256;
    private const int SlotsNamed = 10;

    private readonly IHostEnvironment _environment;
    private readonly (string Output, string Input)[] _columns;
    private readonly MissingSlotReplacement _replacement;
    private readonly double _constant;
    private readonly int? _size;

    internal MissingModalityEstimator(
        IHostEnvironment environment, (string Output, string Input)[] columns, MissingSlotReplacement replacement, double constant, int? size)
    {
        MlNetVersion.EnsureSupported();
        (_environment, _columns, _replacement, _constant, _size) = (environment, columns, replacement, constant, size);
    }

    /// <summary>Learns the means of the slots, where they are wanted; otherwise no row is read.</summary>
    /// <param name="input">The rows; read once at most.</param>
    /// <returns>The fitted transformer.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or of the wrong type.</exception>
    /// <exception cref="InvalidOperationException">A vector has another length than its column, or an infinite slot; the message
    /// names row, column and slot.</exception>
    public MissingModalityTransformer Fit(IDataView input)
    {
        ArgumentNullException.ThrowIfNull(input);
        GetOutputSchema(SchemaShapes.Of(input.Schema));
        var columns = Array.ConvertAll(_columns, column => (column.Output, Input: MissingModalityColumns.Find(input.Schema, column.Input)));
        var sizes = Sizes(Array.ConvertAll(columns, column => column.Input));
        var fills = _replacement switch
        {
            MissingSlotReplacement.Mean => Means(input, [.. columns.Select(column => column.Input)], sizes),
            MissingSlotReplacement.Constant => Array.ConvertAll(columns, _ => new[] { _constant }),
            _ => new double[]?[columns.Length],
        };
        return new MissingModalityTransformer(_environment,
            [.. columns.Select((column, i) => new MissingModalityColumn(column.Output, column.Input.Name, sizes[i], fills[i]))]);
    }

    /// <summary>The input's columns and those that are written.</summary>
    /// <param name="inputSchema">Shape of the input.</param>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or of the wrong type.</exception>
    public SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        ArgumentNullException.ThrowIfNull(inputSchema);
        var columns = inputSchema.ToDictionary(column => column.Name);
        foreach (var (output, name) in _columns)
        {
            if (!SchemaShapes.TryFind(inputSchema, name, out var column))
                throw SchemaErrors.Missing("input", name, inputSchema);
            var isVector = column.Kind == SchemaShape.Column.VectorKind.Vector
                || (column.Kind == SchemaShape.Column.VectorKind.VariableVector && _size is not null);
            if (!isVector || column.IsKey || !MissingModalityColumns.Accepts(column.ItemType))
                throw SchemaErrors.Mismatch("input", name, MissingModalityColumns.ExpectedType, SchemaShapes.Describe(column));
            columns[output] = SchemaShapes.VectorNamedAs(output, MissingModalityColumns.ItemType(column.ItemType), column);
        }
        return new SchemaShape(columns.Values);
    }

    // A given size is that of the columns of variable size; where there are none, it must be right all the same.
    private int[] Sizes(DataViewSchema.Column[] columns)
    {
        var sizes = Array.ConvertAll(columns, column => ((VectorDataViewType)column.Type).Size);
        var isNeeded = sizes.Contains(0);
        foreach (var (column, size) in columns.Zip(sizes))
        {
            if (!isNeeded && _size is not null && size != _size)
                throw SchemaErrors.Mismatch("input", column.Name, $"{_size} slots, the size that was given", $"{column.Type}");
        }
        return Array.ConvertAll(sizes, size => size == 0 ? _size!.Value : size); // the shape was checked
    }

    private double[][] Means(IDataView data, DataViewSchema.Column[] columns, int[] sizes)
    {
        var host = _environment.Register(nameof(MissingModalityEstimator));
        using var channel = host.Start("Training");
        using var cursor = data.GetRowCursor(columns.DistinctBy(column => column.Index));
        var means = columns.Select((column, i) => SlotMeans.Open(cursor, column, sizes[i])).ToArray();
        for (var row = 0L; cursor.MoveNext(); row++)
        {
            if (row % RowsBetweenChecks == 0 && HostSettings.IsCanceled(host))
                throw new OperationCanceledException("The training was cancelled through the MLContext.");
            foreach (var mean in means)
                mean.Add(row);
        }
        foreach (var (column, mean) in columns.Zip(means))
            Report(channel, column.Name, mean);
        return Array.ConvertAll(means, mean => mean.Means);
    }

    private static void Report(IChannel channel, string column, SlotMeans means)
    {
        channel.Info(MessageSensitivity.None, string.Create(CultureInfo.InvariantCulture,
            $"Column '{column}': {means.AbsentRows} of {means.Rows} rows are absent and stay so; " +
            $"{means.IncompleteRows} of the others lack {means.MissingSlots} slots, which get the slots' means."));
        int[] unknown = [.. means.Unknown];
        var named = string.Join(", ", unknown.Take(SlotsNamed)) + (unknown.Length > SlotsNamed ? ", ..." : "");
        if (unknown.Length > 0)
            channel.Warning(MessageSensitivity.None, string.Create(CultureInfo.InvariantCulture,
                $"Column '{column}': of {means.Rows} rows, none has {unknown.Length} of the slots ({named}). " +
                $"There is no mean to take, so 0 replaces them where they are missing."));
    }
}
