namespace Experiments.Configuration;

/// <summary>What the unpaired rows of a cell are.</summary>
internal enum UnpairedRows
{
    /// <summary>Rows of the data set.</summary>
    Real,

    /// <summary>Control: Gaussian rows with the mean and covariance of the real ones.</summary>
    Gaussian,

    /// <summary>Control: rows of another data set, scaled to the means and variances of the real ones.</summary>
    Foreign,

    /// <summary>Control: none.</summary>
    None,

    /// <summary>Mismatch: real rows, half of the classes rare on one side and the other half on the other.</summary>
    Skewed,

    /// <summary>Mismatch: real rows, a third of the classes missing on the second side.</summary>
    Dropped,
}
