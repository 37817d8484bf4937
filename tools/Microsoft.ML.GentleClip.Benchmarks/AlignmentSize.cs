using System.Diagnostics;
using System.Text.Json;
using Microsoft.ML.Data;

namespace Microsoft.ML.GentleClip.Benchmarks;

/// <summary>One size of made-up rows: two noisy linear views of a latent point, of which a share of the slots is stored.</summary>
/// <param name="Pairs">Paired rows.</param>
/// <param name="Rows">Unpaired rows of each side.</param>
/// <param name="Dimension">Columns of each side.</param>
/// <param name="Share">Slots that are not 0; 1 gives dense rows.</param>
internal sealed record AlignmentSize(int Pairs, int Rows, int Dimension, double Share = 1)
{
    private const int LatentDimension = 12;

    /// <summary>What one fit took.</summary>
    public sealed record Taken(double Seconds, double ProcessorSeconds, double PeakMegabytes)
    {
        public string ToJson() => JsonSerializer.Serialize(this);

        public static Taken FromJson(string json) => JsonSerializer.Deserialize<Taken>(json) ?? throw new MeasurementException($"No figures in '{json}'.");
    }

    private sealed class Row
    {
        public VBuffer<float> A { get; set; }

        public VBuffer<float> B { get; set; }
    }

    /// <summary>Fits the default closed form; the rows are made while they are read, so that the peak is the fit's own.</summary>
    public Taken Measure()
    {
        var schema = SchemaDefinition.Create(typeof(Row));
        (schema["A"].ColumnType, schema["B"].ColumnType) = (new VectorDataViewType(NumberDataViewType.Single, Dimension),
            new VectorDataViewType(NumberDataViewType.Single, Dimension));
        var mlContext = new MLContext(seed: 1);
        Fit(mlContext, mlContext.Data.LoadFromEnumerable(new AlignmentSize(20, 40, 8).Made().ToList(), With(schema, 8))); // loads and compiles
        GC.Collect();
        var (memory, clock, processor) = (new ResidentMemory(), Stopwatch.GetTimestamp(), Environment.CpuUsage.TotalTime);
        Fit(mlContext, mlContext.Data.LoadFromEnumerable(Made(), With(schema, Dimension)));
        return new(Stopwatch.GetElapsedTime(clock).TotalSeconds, (Environment.CpuUsage.TotalTime - processor).TotalSeconds, memory.Peak / 1e6);

        static SchemaDefinition With(SchemaDefinition schema, int dimension)
        {
            foreach (var column in schema)
                column.ColumnType = new VectorDataViewType(NumberDataViewType.Single, dimension);
            return schema;
        }
    }

    private static void Fit(MLContext mlContext, IDataView view)
    {
        var options = GentleClipOptions.FromPreset(GentleClipPreset.ClosedForm);
        (options.ModalityA, options.ModalityB, options.NumberOfThreads) = (Modality.Vector("EA", "A"), Modality.Vector("EB", "B"), 1);
        mlContext.Transforms.GentleClip(options).Fit(view).Dispose();
    }

    private IEnumerable<Row> Made()
    {
        var random = new Random(7);
        var (toA, toB) = (Map(), Map());
        var missing = new VBuffer<float>(Dimension, [.. Enumerable.Repeat(float.NaN, Dimension)]);
        var latent = new float[LatentDimension];
        for (var i = 0; i < Pairs + 2 * Rows; i++)
        {
            foreach (ref var value in latent.AsSpan())
                value = random.NextSingle() * 2 - 1;
            yield return new Row { A = i < Pairs + Rows ? View(toA) : missing, B = i < Pairs || i >= Pairs + Rows ? View(toB) : missing };
        }

        float[] Map() => [.. Enumerable.Range(0, Dimension * LatentDimension).Select(_ => random.NextSingle() * 2 - 1)];

        VBuffer<float> View(float[] map)
        {
            if (Share >= 1)
            {
                var values = new float[Dimension];
                for (var column = 0; column < Dimension; column++)
                    values[column] = Slot(map, column);
                return new VBuffer<float>(Dimension, values);
            }
            // Equal steps of random size: about the wanted share, in order, without drawing every slot.
            var (slots, stored) = (new List<int>(), new List<float>());
            for (var column = random.Next((int)(2 / Share)); column < Dimension; column += 1 + random.Next((int)(2 / Share) - 1))
            {
                slots.Add(column);
                stored.Add(1.5f + Slot(map, column));
            }
            return new VBuffer<float>(Dimension, slots.Count, [.. stored], [.. slots]);
        }

        float Slot(float[] map, int column)
        {
            var sum = random.NextSingle() - 0.5f;
            for (var k = 0; k < LatentDimension; k++)
                sum += map[column * LatentDimension + k] * latent[k];
            return sum;
        }
    }
}
