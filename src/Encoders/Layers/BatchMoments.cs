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

    /// <summary>Adds a batch.</summary>
    /// <param name="rows">Its rows.</param>
    /// <param name="mean">Of each channel.</param>
    /// <param name="variance">Of each channel, divided by the rows.</param>
    public void Add(long rows, double[] mean, double[] variance)
    {
        if (Rows == 0)
            (_mean, _squares) = (new double[mean.Length], new double[mean.Length]);
        var all = Rows + rows;
        for (var i = 0; i < mean.Length; i++)
        {
            var difference = mean[i] - _mean[i];
            _mean[i] += difference * rows / all;
            _squares[i] += variance[i] * rows + difference * difference * Rows * rows / all;
        }
        Rows = all;
    }
}
