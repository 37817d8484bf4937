using System.Globalization;
using Microsoft.ML.Data;
using Microsoft.ML.GentleClip.Evaluation;
using Microsoft.ML.GentleClip.Interop;
using Microsoft.ML.GentleClip.Runtime;

namespace Microsoft.ML.GentleClip.Analysis;

/// <summary>What one pass over a view of two modalities keeps: counts of everything, samples of the rows.</summary>
internal sealed class AlignabilityRows
{
    /// <summary>Rows of a side that are kept at most.</summary>
    public const int MaximumRows = 2000;

    /// <summary>Pairs that are kept at most.</summary>
    public const int MaximumPairs = 1000;

    private const int MaximumNumbers = 1 << 23; // in a sample; wider rows are fewer
    private const int FewestRows = 200;
    private const int MaximumClasses = 10_000;
    private const int RowsBetweenChecks = 256;

    private AlignabilityRows(SideRows a, SideRows b, RandomSource random)
    {
        (A, B) = (a, b);
        Pairs = new(Capacity(MaximumPairs, Math.Max(a.Features.Dimension, b.Features.Dimension)), random.Managed("pairs"));
    }

    /// <summary>Modality A.</summary>
    public SideRows A { get; }

    /// <summary>Modality B.</summary>
    public SideRows B { get; }

    /// <summary>The pairs.</summary>
    public Reservoir<(double[] A, double[] B)> Pairs { get; }

    /// <summary>Rows without either side.</summary>
    public long EmptyRowCount { get; private set; }

    /// <summary>Reads a view once; pairing is decided as in training.</summary>
    public static AlignabilityRows Read(
        IDataView data, string columnA, string columnB, string? pairedColumn, string? labelA, string? labelB, RandomSource random, Action checkCancelled)
    {
        var (a, b) = (FeatureColumn.Find(data.Schema, columnA), FeatureColumn.Find(data.Schema, columnB));
        if (a.Column.Index == b.Column.Index)
            throw new ArgumentException($"Both modalities are column '{columnA}'; expected two columns.", nameof(columnB));
        var rows = new AlignabilityRows(
            new(a, labelA is null ? null : LabelColumnReader.Find(data, labelA, "label"), random.Managed("rows of A")),
            new(b, labelB is null ? null : LabelColumnReader.Find(data, labelB, "label"), random.Managed("rows of B")), random);
        var paired = pairedColumn is null
            ? default(DataViewSchema.Column?)
            : data.Schema.GetColumnOrNull(pairedColumn) ?? throw SchemaErrors.Missing("paired", pairedColumn, data.Schema);
        if (paired is { } flags && flags.Type != BooleanDataViewType.Instance)
            throw SchemaErrors.Mismatch("paired", flags.Name, "Boolean", $"{flags.Type}");
        rows.Fill(data, paired, checkCancelled);
        foreach (var side in new[] { rows.A, rows.B })
            if (side.Sample.Count == 0)
                throw new InvalidOperationException($"No row has column '{side.Features.Column.Name}': it is NaN or empty in all rows.");
        return rows;
    }

    private static int Capacity(int rows, int dimension) => Math.Min(rows, Math.Max(FewestRows, MaximumNumbers / dimension));

    private void Fill(IDataView data, DataViewSchema.Column? paired, Action checkCancelled)
    {
        using var cursor = Columns.Open(data, A.Features.Column, B.Features.Column, A.Label?.Column, B.Label?.Column, paired);
        A.Open(cursor);
        B.Open(cursor);
        var getter = paired is { } column ? cursor.GetGetter<bool>(column) : null;
        for (var row = 0L; cursor.MoveNext(); row++)
        {
            if (row % RowsBetweenChecks == 0)
                checkCancelled();
            var (hasA, hasB) = (A.Features.Read(row), B.Features.Read(row));
            var isPair = hasA && hasB;
            if (getter is not null)
            {
                var flagged = false;
                getter(ref flagged);
                if (flagged && !isPair)
                    throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture,
                        $"Row {row}: column '{paired!.Value.Name}' says it is a matched pair, "
                        + $"but column '{(hasA ? B : A).Features.Column.Name}' is missing; expected both sides."));
                isPair = flagged;
            }
            EmptyRowCount += hasA || hasB ? 0 : 1;
            if (isPair)
                Pairs.Offer(() => ([.. A.Features.Values], [.. B.Features.Values]));
            if (hasA)
                A.Add(isPair);
            if (hasB)
                B.Add(isPair);
        }
    }

    /// <summary>The rows of one modality.</summary>
    internal sealed class SideRows(FeatureColumn features, LabelColumnReader? label, ManagedGenerator random)
    {
        private readonly double[] _first = new double[features.Dimension];
        private readonly bool[] _varies = new bool[features.Dimension];

        public FeatureColumn Features => features;

        public LabelColumnReader? Label => label;

        /// <summary>Of all rows that have the side.</summary>
        public Reservoir<double[]> Sample { get; } = new(Capacity(MaximumRows, features.Dimension), random);

        /// <summary>Rows that have the side and belong to no pair.</summary>
        public long UnpairedRowCount { get; private set; }

        /// <summary>Unpaired rows of each class.</summary>
        public Dictionary<string, long> Classes { get; } = [];

        /// <summary>Slots that are the same in all rows.</summary>
        public int ConstantSlotCount => _varies.Count(varies => !varies);

        public void Open(DataViewRow row)
        {
            features.Open(row);
            label?.Open(row);
        }

        public void Add(bool isPair)
        {
            if (Sample.Count == 0)
                features.Values.CopyTo(_first, 0);
            for (var slot = 0; slot < _varies.Length; slot++)
                _varies[slot] |= features.Values[slot] != _first[slot];
            Sample.Offer(() => [.. features.Values]);
            if (isPair)
                return;
            UnpairedRowCount++;
            if (label?.Read() is not { } name)
                return;
            Classes[name] = Classes.GetValueOrDefault(name) + 1;
            if (Classes.Count > MaximumClasses)
                throw new InvalidOperationException($"Column '{label.Column.Name}' has more than {MaximumClasses} different labels; "
                    + "expected classes, of which many rows share one.");
        }
    }
}
