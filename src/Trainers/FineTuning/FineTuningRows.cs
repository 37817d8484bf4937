using System.Globalization;
using Microsoft.ML.GentleClip.Modalities;

namespace Microsoft.ML.GentleClip.Trainers.FineTuning;

/// <summary>The rows of a data view that have a label and every side, read once: a store for each side, and the labels.</summary>
internal sealed class FineTuningRows : IDisposable
{
    private readonly List<float[]> _labels = [];
    private readonly RowProfile[] _profiles;
    private readonly long[] _without;

    private FineTuningRows(IReadOnlyList<(Side Side, ModalityBinding Binding)> sides, FineTuningLabels labels)
    {
        Sides = [.. sides.Select(side => (side.Side, side.Binding, side.Binding.CreateStore()))];
        _profiles = [.. sides.Select(side => new RowProfile(side.Binding.Column.Name))];
        _without = new long[sides.Count];
        Label = labels;
    }

    /// <summary>How each side is read, and its samples.</summary>
    public IReadOnlyList<(Side Side, ModalityBinding Binding, ExampleStore Store)> Sides { get; }

    /// <summary>What is predicted.</summary>
    public FineTuningLabels Label { get; }

    /// <summary>Labels of the rows, as <see cref="FineTuningLabels"/> reads them.</summary>
    public IReadOnlyList<float[]> Labels => _labels;

    /// <summary>Number of rows that have all.</summary>
    public int Count => _labels.Count;

    /// <summary>Number of rows read.</summary>
    public long Rows { get; private set; }

    /// <summary>Rows without a label.</summary>
    public long Unlabelled { get; private set; }

    /// <summary>What was left out, in sentences; empty where nothing was.</summary>
    public IEnumerable<string> LeftOut
    {
        get
        {
            if (Unlabelled > 0)
                yield return string.Create(CultureInfo.InvariantCulture, $"{Unlabelled} of {Rows} rows are left out: {Label.Missing}.");
            foreach (var (number, side) in Sides.Index())
                if (_without[number] > 0)
                    yield return string.Create(CultureInfo.InvariantCulture,
                        $"{_without[number]} of {Rows} rows are left out: column '{side.Binding.Column.Name}' is missing there.");
        }
    }

    /// <summary>Reads a view.</summary>
    /// <param name="data">The rows.</param>
    /// <param name="sides">How each side is read.</param>
    /// <param name="labels">How the labels are read.</param>
    /// <param name="checkCancelled">Called before each row; throws to stop.</param>
    /// <param name="rowName">What messages call a row.</param>
    /// <param name="onRow">Told before each row and after the last how many are read.</param>
    /// <exception cref="InvalidOperationException">A row cannot be used, or none can; the message says why.</exception>
    public static FineTuningRows Read(
        IDataView data, IReadOnlyList<(Side Side, ModalityBinding Binding)> sides, FineTuningLabels labels, Action checkCancelled, string rowName,
        Action<long> onRow)
    {
        var rows = new FineTuningRows(sides, labels);
        try
        {
            rows.Read(data, checkCancelled, rowName, onRow);
            return rows.Count > 0
                ? rows
                : throw new InvalidOperationException(rows.Rows == 0
                    ? $"There are no {rowName.ToLowerInvariant()}s; expected some with a label."
                    : $"No {rowName.ToLowerInvariant()} can be used. {string.Join(' ', rows.LeftOut)}");
        }
        catch
        {
            rows.Dispose();
            throw;
        }
    }

    /// <summary>What looks like a default value where a side is in fact absent, in words.</summary>
    public IEnumerable<string> FindDefaultValues() =>
        Sides.Select((side, number) => DefaultValues.Find(_profiles[number], side.Store, null, "", Count, 0)).OfType<string>();

    /// <summary>Frees the samples.</summary>
    public void Dispose()
    {
        foreach (var (_, _, store) in Sides)
            store.Dispose();
    }

    private void Read(IDataView data, Action checkCancelled, string rowName, Action<long> onRow)
    {
        using var cursor = data.GetRowCursor(
            Sides.SelectMany(side => side.Binding.Columns).Append(Label.Column).DistinctBy(column => column.Index));
        var readers = Sides.Select(side => side.Binding.OpenAhead(cursor, data)).ToArray();
        Label.Open(cursor);
        try
        {
            for (; cursor.MoveNext(); Rows++)
            {
                checkCancelled();
                onRow(Rows);
                var isWhole = true;
                for (var number = 0; number < readers.Length; number++)
                {
                    var isThere = Has(readers[number], Sides[number].Binding, rowName);
                    _without[number] += isThere ? 0 : 1;
                    isWhole &= isThere;
                }
                var label = Label.Read(Rows, rowName);
                Unlabelled += label is null ? 1 : 0;
                if (label is null || !isWhole)
                    continue;
                for (var number = 0; number < readers.Length; number++)
                {
                    _profiles[number].Add(readers[number], Rows);
                    Sides[number].Store.Add(readers[number]);
                    Sides[number].Store.NameLast(Rows, rowName);
                }
                _labels.Add(label);
            }
            onRow(Rows);
        }
        finally
        {
            foreach (var reader in readers.OfType<IDisposable>())
                reader.Dispose();
        }
    }

    private bool Has(ExampleReader reader, ModalityBinding binding, string rowName) => reader.Read() switch
    {
        Presence.Present => true,
        Presence.Absent => false,
        _ => throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture,
            $"{rowName} {Rows}, column '{binding.Column.Name}': {reader.Problem}.")),
    };
}
