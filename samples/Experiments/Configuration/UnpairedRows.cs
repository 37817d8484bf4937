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
}
