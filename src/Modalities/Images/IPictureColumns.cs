namespace Microsoft.ML.GentleClip.Modalities;

/// <summary>The columns of pictures, as whoever reads them ahead needs them.</summary>
internal interface IPictureColumns
{
    /// <summary>All columns that are read.</summary>
    IReadOnlyList<DataViewSchema.Column> Columns { get; }

    /// <summary>Opens the getter of a row or cursor.</summary>
    PictureReader OpenPictures(DataViewRow row);

    /// <summary>What the columns of text say that may name the current row's file.</summary>
    Func<string> OpenNames(DataViewRow row);
}
