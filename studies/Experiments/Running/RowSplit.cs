using Experiments.Configuration;
using Experiments.Data;

namespace Experiments.Running;

/// <summary>Which rows a seed is measured on and which it may learn from: the parts are row numbers of the data set.</summary>
/// <param name="Measured">Rows with both sides that nothing is learnt from.</param>
/// <param name="Training">Rows with both sides, in the seed's order: the first N are the pairs.</param>
/// <param name="AloneA">Rows that have A alone by nature, in the seed's order.</param>
/// <param name="AloneB">Rows that have B alone by nature, in the seed's order.</param>
internal sealed record RowSplit(int[] Measured, int[] Training, int[] AloneA, int[] AloneB)
{
    /// <summary>
    /// Test rows depend on the split seed alone. A validation seed never sees them: it is measured on rows that it takes out of the training rows.
    /// </summary>
    public static RowSplit Create(TwoViewData data, RowCount testRows, int splitSeed, int seed, bool validation)
    {
        var (measured, training) = Tests(data, testRows, splitSeed);
        var random = new Random(seed);
        random.Shuffle(training);
        if (validation)
        {
            var held = Math.Min(measured.Length, training.Length / 3);
            (measured, training) = (training[..held], training[held..]);
        }

        return new RowSplit(measured, training, Alone(data.B), Alone(data.A));

        int[] Alone(float[]?[] other)
        {
            int[] rows = [.. Enumerable.Range(0, data.Rows).Where(row => other[row] is null)];
            random.Shuffle(rows);
            return rows;
        }
    }

    /// <summary>The test rows, and the other rows with both sides.</summary>
    public static (int[] Tests, int[] Others) Tests(TwoViewData data, RowCount testRows, int splitSeed)
    {
        int[] complete = [.. Enumerable.Range(0, data.Rows).Where(row => data.A[row] is not null && data.B[row] is not null)];
        new Random(splitSeed).Shuffle(complete);
        var tests = testRows.Of(complete.Length, smallest: 2);
        return tests <= complete.Length - 4
            ? (complete[..tests], complete[tests..])
            : throw new InvalidDataException(
                $"Data \"{data.Name}\": {tests} test rows leave {complete.Length - tests} of {complete.Length} rows with both sides to learn from; expected "
                    + $"at least 4.");
    }

    /// <summary>Pairs of a number of rows.</summary>
    public int Pairs(RowCount count) => count.Of(Training.Length, smallest: 2);

    /// <summary>The rest after the pairs in two disjoint halves: one gives A, the other B, so that no unpaired row has its partner anywhere.</summary>
    public (int[] A, int[] B) Unpaired(int pairs, RowCount count)
    {
        var rest = Training[pairs..];
        int[] a = [.. AloneA, .. rest[..(rest.Length / 2)]], b = [.. AloneB, .. rest[(rest.Length / 2)..]];
        return (a[..Math.Min(a.Length, count.Of(a.Length))], b[..Math.Min(b.Length, count.Of(b.Length))]);
    }
}
