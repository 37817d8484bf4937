using System.Text;
using Microsoft.ML.Data;
using Microsoft.ML.Transforms;

namespace Microsoft.ML.GentleClip.Tests.MissingModality;

/// <summary>What ML.NET's own steps make of rows that lack a vector, which docs/missing-modality.md tabulates.</summary>
[TestClass]
public sealed class StepMatrixTests
{
    private const int Width = 6;
    private const int Count = 60;
    private const string Kept = "stays absent";
    private const string Filled = "**filled**";
    private const string Partial = "**partly filled**";
    private const string Dropped = "row left out";
    private const string Spoilt = "**present rows spoilt**";
    private const string Error = "**error**";

    private sealed class Row
    {
        public int Id { get; set; }

        [VectorType(Width)]
        public float[]? A { get; set; }

        [VectorType(2)]
        public float[] B { get; set; } = [];

        public bool Label { get; set; }
    }

    private sealed class Given
    {
        [VectorType(Width)]
        public float[]? A { get; set; }
    }

    private sealed class Made
    {
        [VectorType(Width)]
        public float[]? Out { get; set; }
    }

    private readonly MLContext _mlContext = new(seed: 1);

    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public void ThePageSaysWhatEachStepMakesOfAbsentRows()
    {
        var table = new StringBuilder("| step | null arrays | vectors of NaNs | null arrays after `MarkMissingModality` |\n|---|---|---|---|\n");
        var (failedOnNull, failedOnNaN) = (0, 0);
        foreach (var (name, step) in Steps())
        {
            var (onNull, onNaN) = (Outcome(step, Rows(nulls: true)), Outcome(step, Rows(nulls: false)));
            var marked = Outcome(data => step(Mark(data)), Rows(nulls: true));
            table.Append($"| {name} | {onNull} | {onNaN} | {marked} |\n");
            failedOnNull += onNull == Error ? 1 : 0;
            failedOnNaN += onNaN == Error ? 1 : 0;

            Assert.AreEqual(onNaN, marked, $"{name}: null arrays that were marked are as vectors of NaNs");
            Assert.AreEqual(onNaN, Outcome(data => step(Mark(data)), Rows(nulls: false)), $"{name}: vectors of NaNs are marked already");
            // After the step, or on both sides of it, it changes nothing that the step gave.
            if (onNaN == Kept && HasVector(step))
            {
                Assert.AreEqual(Kept, Outcome(data => Mark(step(data)), Rows(nulls: false)), $"{name}, then marked");
                Assert.AreEqual(Kept, Outcome(data => Mark(step(Mark(data))), Rows(nulls: true)), $"{name} between two markings");
            }
            if (onNull == Kept && HasVector(step))
                Assert.AreEqual(Kept, Outcome(data => Mark(step(data)), Rows(nulls: true)), $"{name} of null arrays, then marked");
        }
        TestContext.WriteLine(table.ToString());
        Assert.IsGreaterThan(10, failedOnNull, "steps that fail on null arrays");
        Assert.IsLessThan(failedOnNull / 2, failedOnNaN);
        var page = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "data", "docs", "missing-modality.md")).ReplaceLineEndings("\n");
        Assert.Contains(table.ToString(), page, $"docs/missing-modality.md lacks this table:\n{table}");
    }

    private IEnumerable<(string Name, Func<IDataView, IDataView> Step)> Steps()
    {
        var transforms = _mlContext.Transforms;
        var data = _mlContext.Data;
        yield return ("`Cache`", view => data.Cache(view));
        yield return ("`AppendCacheCheckpoint`", Fitted(
            transforms.CopyColumns("Other", "Label").AppendCacheCheckpoint(_mlContext).Append(transforms.GentleClip(Options()))));
        yield return ("`GentleClip` itself", Fitted(transforms.GentleClip(Options())));
        yield return ("`SaveAsBinary`, `LoadFromBinary`", Binary);
        yield return ("`SaveAsText`, `LoadFromTextFile`", view => Text(view, missingIsNaN: false));
        yield return ("the same with `MissingRealsAsNaNs`", view => Text(view, missingIsNaN: true));
        yield return ("`CreateEnumerable`, `LoadFromEnumerable`",
            view => data.LoadFromEnumerable(data.CreateEnumerable<Row>(view, reuseRowObject: false).ToList()));
        yield return ("`FilterRowsByMissingValues`", view => data.FilterRowsByMissingValues(view, "A"));
        yield return ("`FilterByCustomPredicate`", view => data.FilterByCustomPredicate<Given>(view, row => row.A is { Length: Width } && row.A[0] > 1e6f));
        yield return ("`ShuffleRows`", view => data.ShuffleRows(view, seed: 1));
        yield return ("`TakeRows`, `SkipRows`", view => data.SkipRows(data.TakeRows(view, Count - 6), 3));
        yield return ("`BootstrapSample`", view => data.BootstrapSample(view, seed: 1));
        yield return ("`TrainTestSplit`", view => data.TrainTestSplit(view, 0.3, seed: 1).TrainSet);
        yield return ("`CrossValidationSplit`", view => data.CrossValidationSplit(view, 3, seed: 1)[0].TrainSet);
        yield return ("`CopyColumns`", Fitted(transforms.CopyColumns("A", "A")));
        yield return ("`SelectColumns`", Fitted(transforms.SelectColumns("Id", "A", "Label")));
        yield return ("`DropColumns` of another", Fitted(transforms.DropColumns("Label")));
        yield return ("`Concatenate` with another column", Fitted(
            transforms.Conversion.ConvertType("Number", "Label", DataKind.Single).Append(transforms.Concatenate("A", "A", "Number"))));
        yield return ("`ConvertType` to Double", Fitted(transforms.Conversion.ConvertType("A", outputKind: DataKind.Double)));
        yield return ("`ReplaceMissingValues` by 0", Fitted(transforms.ReplaceMissingValues("A")));
        yield return ("`ReplaceMissingValues` by the mean", Fitted(
            transforms.ReplaceMissingValues("A", replacementMode: MissingValueReplacingEstimator.ReplacementMode.Mean)));
        yield return ("`IndicateMissingValues`", Fitted(transforms.IndicateMissingValues("A")));
        yield return ("`NormalizeMinMax`", Fitted(transforms.NormalizeMinMax("A")));
        yield return ("`NormalizeMeanVariance`", Fitted(transforms.NormalizeMeanVariance("A")));
        yield return ("`NormalizeLogMeanVariance`", Fitted(transforms.NormalizeLogMeanVariance("A")));
        yield return ("`NormalizeRobustScaling`", Fitted(transforms.NormalizeRobustScaling("A")));
        yield return ("`NormalizeBinning`", Fitted(transforms.NormalizeBinning("A")));
        yield return ("`NormalizeSupervisedBinning`", Fitted(transforms.NormalizeSupervisedBinning("A", labelColumnName: "Label")));
        yield return ("`NormalizeLpNorm`", Fitted(transforms.NormalizeLpNorm("A")));
        yield return ("`NormalizeGlobalContrast`", Fitted(transforms.NormalizeGlobalContrast("A")));
        yield return ("`ApproximatedKernelMap`", Fitted(transforms.ApproximatedKernelMap("A", rank: 8)));
        yield return ("`ProjectToPrincipalComponents`", Fitted(transforms.ProjectToPrincipalComponents("A", rank: 3)));
        yield return ("`SelectFeaturesBasedOnCount`", Fitted(transforms.FeatureSelection.SelectFeaturesBasedOnCount("A", count: 2)));
        yield return ("`SelectFeaturesBasedOnMutualInformation`", Fitted(
            transforms.FeatureSelection.SelectFeaturesBasedOnMutualInformation("A", labelColumnName: "Label", slotsInOutput: 4)));
        yield return ("`CustomMapping`", Fitted(
            transforms.CustomMapping<Given, Made>((from, to) => to.Out = from.A, contractName: null).Append(transforms.CopyColumns("A", "Out"))));
        yield return ("`Expression` of each slot", Fitted(transforms.Expression("A", "x : x * 2 + 1", "A")));
        yield return ("`MapValueToKey`", Fitted(transforms.Conversion.MapValueToKey("A")));
        yield return ("`OneHotEncoding`", Fitted(transforms.Categorical.OneHotEncoding("A")));
        yield return ("`Hash`", Fitted(transforms.Conversion.Hash("A")));
    }

    private static Func<IDataView, IDataView> Fitted(IEstimator<ITransformer> estimator) => view => estimator.Fit(view).Transform(view);

    private IDataView Mark(IDataView view)
    {
        var size = ((VectorDataViewType)view.Schema["A"].Type).Size;
        return _mlContext.Transforms.MarkMissingModality("A", size: size == 0 ? Width : null).Fit(view).Transform(view);
    }

    private static GentleClipOptions Options() => new()
    {
        ModalityA = Modality.Vector("EmbeddingA", "A"),
        ModalityB = Modality.Vector("EmbeddingB", "B"),
        EmbeddingDimension = 4,
        MaximumNumberOfSteps = 1,
        NumberOfThreads = 1,
        ClosedForm = null,
    };

    private static bool HasVector(Func<IDataView, IDataView> step) =>
        step(Rows(nulls: false)).Schema["A"].Type is VectorDataViewType { ItemType: NumberDataViewType };

    private IDataView Binary(IDataView view)
    {
        using var stream = new MemoryStream();
        _mlContext.Data.SaveAsBinary(view, stream);
        return _mlContext.Data.LoadFromBinary(new Content(stream.ToArray()));
    }

    private IDataView Text(IDataView view, bool missingIsNaN)
    {
        using var stream = new MemoryStream();
        var columns = _mlContext.Transforms.SelectColumns("Id", "A").Fit(view).Transform(view);
        _mlContext.Data.SaveAsText(columns, stream, forceDense: true, schema: false, headerRow: false);
        return _mlContext.Data.CreateTextLoader(new TextLoader.Options
        {
            Columns = [new("Id", DataKind.Int32, 0), new("A", DataKind.Single, 1, Width)],
            MissingRealsAsNaNs = missingIsNaN,
        }).Load(new Content(stream.ToArray()));
    }

    private static IDataView Rows(bool nulls)
    {
        var random = new Random(1);
        return new MLContext(seed: 1).Data.LoadFromEnumerable(Enumerable.Range(0, Count).Select(i =>
        {
            float[] values = [.. Enumerable.Range(0, Width).Select(_ => random.NextSingle() + 0.5f)];
            var missing = nulls ? null : Enumerable.Repeat(float.NaN, Width).ToArray();
            return new Row { Id = i, A = i % 3 > 0 ? values : missing, B = [values[0] + i, -i], Label = i % 2 == 0 };
        }).ToList());
    }

    private string Outcome(Func<IDataView, IDataView> step, IDataView rows)
    {
        (int Id, bool IsAbsent, bool IsPresent)[] read;
        try
        {
            read = Read(step(rows));
        }
        catch (Exception exception) when (exception is not UnitTestAssertException)
        {
            TestContext.WriteLine(exception.GetBaseException().Message);
            return Error;
        }
        var (absent, present) = (read.Where(row => row.Id % 3 == 0).ToList(), read.Where(row => row.Id % 3 > 0).ToList());
        if (present.Any(row => !row.IsPresent))
            return Spoilt;
        return absent.Count == 0 ? Dropped : absent.TrueForAll(row => row.IsAbsent) ? Kept : absent.TrueForAll(row => row.IsPresent) ? Filled : Partial;
    }

    private static (int Id, bool IsAbsent, bool IsPresent)[] Read(IDataView view)
    {
        var (id, a) = (view.Schema["Id"], view.Schema["A"]);
        using var cursor = view.GetRowCursor([id, a]);
        var (getId, number) = (cursor.GetGetter<int>(id), 0);
        var isAbsent = a.Type switch
        {
            VectorDataViewType { ItemType: var item } when item == NumberDataViewType.Single => Absent<float>(cursor, a, float.IsNaN),
            VectorDataViewType { ItemType: var item } when item == NumberDataViewType.Double => Absent<double>(cursor, a, double.IsNaN),
            VectorDataViewType { ItemType: KeyDataViewType } => Absent<uint>(cursor, a, key => key == 0),
            VectorDataViewType { ItemType: BooleanDataViewType } => Absent<bool>(cursor, a, _ => false),
            _ => throw new NotSupportedException(a.Type.ToString()),
        };
        var rows = new List<(int, bool, bool)>();
        while (cursor.MoveNext())
        {
            getId(ref number);
            var (slots, missing) = isAbsent();
            rows.Add((number, missing == slots, missing == 0 && slots > 0));
        }
        return [.. rows];
    }

    private static Func<(int Slots, int Missing)> Absent<T>(DataViewRow row, DataViewSchema.Column column, Predicate<T> isMissing)
    {
        var getter = row.GetGetter<VBuffer<T>>(column);
        VBuffer<T> value = default;
        return () =>
        {
            getter(ref value);
            return (value.Length, value.DenseValues().Count(slot => isMissing(slot)));
        };
    }

    private sealed class Content(byte[] bytes) : IMultiStreamSource
    {
        public int Count => 1;

        public string GetPathOrNull(int index) => null!;

        public Stream Open(int index) => new MemoryStream(bytes);

        public TextReader OpenTextReader(int index) => new StreamReader(Open(index));
    }
}
