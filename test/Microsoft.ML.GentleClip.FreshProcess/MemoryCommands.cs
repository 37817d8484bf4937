using System.Diagnostics;
using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.GentleClip;

/// <summary>
/// The commands fit-memory and batch-memory: how far the resident memory rises while the closed form is fitted on made-up rows, and while they are scored;
/// and while towers are trained on large batches.
/// </summary>
internal static class MemoryCommands
{
    private const string Embedding = "EA";
    private const int Latent = 8, Pairs = 200, RowsToScore = 300;

    /// <summary>The exit code, or null where the command is another's.</summary>
    public static int? Run(string[] args)
    {
        switch (args)
        {
            case ["fit-memory", var rows, var columns]:
                Measure(Number(rows), Number(columns), 1);
                return 0;
            // The share of the slots that hold a number: the columns come sparse.
            case ["fit-memory", var rows, var columns, var density]:
                Measure(Number(rows), Number(columns), double.Parse(density, CultureInfo.InvariantCulture));
                return 0;
            case ["batch-memory", var batch, var shards]:
                MeasureBatches(Number(batch), Number(shards));
                return 0;
            default:
                return null;
        }
    }

    private static void MeasureBatches(int batch, int shards)
    {
        const int columns = 64;
        Train(64, 2); // loads libraries, compiles
        Collect();
        var baseline = Restart();
        Train(batch, shards);
        Say("peak of the fit MB", $"{(Peak() - baseline) / 1e6:F0}");

        void Train(int rows, int parts)
        {
            var options = GentleClipOptions.FromPreset(GentleClipPreset.Clip);
            var encoder = new VectorEncoderOptions { HiddenDimensions = [2048] }; // wide, so that what is kept costs little time
            (options.ModalityA, options.ModalityB) = (Modality.Vector(Embedding, nameof(Row.A), encoder), Modality.Vector("EB", nameof(Row.B), encoder));
            (options.Batches.Size, options.Batches.Shards, options.MaximumNumberOfSteps, options.NumberOfThreads, options.Seed) = (rows, parts, 2, 1, 1);
            new MLContext(seed: 1).Transforms.GentleClip(options).Fit(View(rows, columns, 1)).Dispose();
        }
    }

    private static int Number(string text) => int.Parse(text, NumberStyles.AllowThousands, CultureInfo.InvariantCulture);

    private static void Measure(int rows, int columns, double density)
    {
        Fit(View(300, 16, 1)).Dispose(); // loads libraries, compiles
        Collect();
        var (baseline, clock, processor) = (Restart(), Stopwatch.GetTimestamp(), Environment.CpuUsage.TotalTime);
        using var model = Fit(View(rows, columns, density));
        Say("seconds", $"{Stopwatch.GetElapsedTime(clock).TotalSeconds:F1}");
        Say("processor seconds", $"{(Environment.CpuUsage.TotalTime - processor).TotalSeconds:F1}");
        Say("features MB", $"{2L * rows * columns * sizeof(float) / 1e6:F0}");
        Say("peak of the fit MB", $"{(Peak() - baseline) / 1e6:F0}");
        Collect();
        baseline = Restart();
        var sum = 0d;
        using (var cursor = Open(model.Transform(View(RowsToScore, columns, density)), out var get))
        {
            VBuffer<float> embedding = default;
            while (cursor.MoveNext())
            {
                get(ref embedding);
                sum += embedding.GetItemOrDefault(0);
            }
        }
        Say("peak of scoring MB", $"{(Peak() - baseline) / 1e6:F0}");
        Console.Error.WriteLine(sum.ToString(CultureInfo.InvariantCulture));
    }

    private static DataViewRowCursor Open(IDataView view, out ValueGetter<VBuffer<float>> get)
    {
        var column = view.Schema[Embedding];
        var cursor = view.GetRowCursor([column]);
        get = cursor.GetGetter<VBuffer<float>>(column);
        return cursor;
    }

    private static GentleClipTransformer Fit(IDataView view)
    {
        var options = GentleClipOptions.FromPreset(GentleClipPreset.ClosedForm);
        (options.ModalityA, options.ModalityB) = (Modality.Vector(Embedding, nameof(Row.A)), Modality.Vector("EB", nameof(Row.B)));
        (options.PairedColumnName, options.NumberOfThreads, options.Seed) = (nameof(Row.IsPaired), 1, 1);
        options.ClosedForm = options.ClosedForm! with { Method = ClosedFormMethod.LinearAndKernel };
        return new MLContext(seed: 1).Transforms.GentleClip(options).Fit(view);
    }

    private static IDataView View(int rows, int columns, double density)
    {
        var schema = SchemaDefinition.Create(typeof(Row));
        schema[nameof(Row.A)].ColumnType = schema[nameof(Row.B)].ColumnType = new VectorDataViewType(NumberDataViewType.Single, columns);
        return new MLContext().Data.LoadFromEnumerable(Rows(rows, columns, density), schema);
    }

    // One row at a time, in memory of its own: what is measured is the library's.
    private static IEnumerable<Row> Rows(int rows, int columns, double density)
    {
        var random = new Random(7);
        var row = new Row();
        var latent = new float[Latent];
        var (a, b) = (new Side(columns, density), new Side(columns, density));
        for (var i = 0; i < rows; i++)
        {
            for (var k = 0; k < Latent; k++)
                latent[k] = random.NextSingle() * 2 - 1;
            (row.A, row.B, row.IsPaired) = (a.Next(latent, random), b.Next(latent, random), i < Pairs);
            yield return row;
        }
    }

    private static void Say(string name, string value) => Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name}: {value}"));

    private static void Collect()
    {
        GC.Collect(2, GCCollectionMode.Aggressive, true, true);
        GC.WaitForPendingFinalizers();
    }

    private static long Restart()
    {
        if (OperatingSystem.IsLinux())
            File.WriteAllText("/proc/self/clear_refs", "5");
        return OperatingSystem.IsLinux() ? Read("VmRSS:") : Environment.WorkingSet;
    }

    private static long Peak()
    {
        using var process = Process.GetCurrentProcess();
        return OperatingSystem.IsLinux() ? Read("VmHWM:") : process.PeakWorkingSet64;
    }

    private static long Read(string name) => 1024 * long.Parse(
        File.ReadLines("/proc/self/status").First(line => line.StartsWith(name, StringComparison.Ordinal))
            .Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries)[1],
        CultureInfo.InvariantCulture);

    private sealed class Row
    {
        public VBuffer<float> A { get; set; }

        public VBuffer<float> B { get; set; }

        public bool IsPaired { get; set; }
    }

    private sealed class Side(int columns, double density)
    {
        private readonly float[] _values = new float[columns];
        private readonly int[] _indices = new int[columns];

        public VBuffer<float> Next(float[] latent, Random random)
        {
            var stride = Math.Max(1, (int)Math.Round(1 / density));
            var count = 0;
            for (var start = 0; start < columns; start += stride)
            {
                var column = Math.Min(columns - 1, start + random.Next(stride));
                _indices[count] = column;
                _values[count++] = latent[column % Latent] * (1 + column % 5) + random.NextSingle();
            }
            return stride == 1 ? new VBuffer<float>(columns, _values) : new VBuffer<float>(columns, count, _values, _indices);
        }
    }
}
