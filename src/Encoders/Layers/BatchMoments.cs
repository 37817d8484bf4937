namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>Mean and variance of each channel over batches of different sizes, as if they were one.</summary>
internal sealed class BatchMoments
{
    private double[] _mean = [], _squares = [];

    /// <summary>Rows so far.</summary>
    public long Rows { get; private set; }

    /// <summary>Mean of each channel.</summary>
    public double[] Mean => _mean;

    /// <summary>Variance of each channel, of a sample (divided by one less than the rows).</summary>
    public double[] Variance => Array.ConvertAll(_squares, squares => squares / (Rows - 1));

    /// <summary>Sum of each channel's squared deviations from its mean.</summary>
    public double[] Squares => _squares;

    /// <summary>Numbers that <see cref="AddNumbers"/> takes, for so many channels.</summary>
    public static int CountNumbers(int channels) => 1 + 2 * channels;

    /// <summary>Adds a batch.</summary>
    /// <param name="rows">Its rows.</param>
    /// <param name="mean">Of each channel.</param>
    /// <param name="variance">Of each channel, divided by the rows.</param>
    public void Add(long rows, double[] mean, double[] variance) => AddSquares(rows, mean, Array.ConvertAll(variance, value => value * rows));

    /// <summary>Writes the rows, means and squares; zeros where there are none.</summary>
    public void CopyTo(Span<double> numbers)
    {
        numbers.Clear();
        numbers[0] = Rows;
        _mean.CopyTo(numbers[1..]);
        _squares.CopyTo(numbers[(1 + (numbers.Length - 1) / 2)..]);
    }

    /// <summary>Adds what <see cref="CopyTo"/> wrote.</summary>
    public void AddNumbers(ReadOnlySpan<double> numbers)
    {
        var channels = (numbers.Length - 1) / 2;
        if (numbers[0] > 0)
            AddSquares((long)numbers[0], numbers.Slice(1, channels), numbers[(1 + channels)..]);
    }

    private void AddSquares(long rows, ReadOnlySpan<double> mean, ReadOnlySpan<double> squares)
    {
        if (Rows == 0)
            (_mean, _squares) = (new double[mean.Length], new double[mean.Length]);
        var all = Rows + rows;
        for (var i = 0; i < mean.Length; i++)
        {
            var difference = mean[i] - _mean[i];
            _mean[i] += difference * rows / all;
            _squares[i] += squares[i] + difference * difference * Rows * rows / all;
        }
        Rows = all;
    }
}
