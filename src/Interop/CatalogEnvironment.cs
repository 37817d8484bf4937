using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.GentleClip.Interop;

/// <summary>Finds the environment behind a catalog, as ML.NET's own extensions do.</summary>
internal static class CatalogEnvironment
{
    /// <summary>The environment behind a context; unlike the context itself it tells that it was cancelled.</summary>
    public static IHostEnvironment Of(MLContext mlContext) => Of(mlContext.Data);

    /// <summary>The environment of a transforms catalog.</summary>
    public static IHostEnvironment Of(TransformsCatalog catalog) => CatalogUtils.GetEnvironment(catalog);

    /// <summary>The environment of a data catalog.</summary>
    public static IHostEnvironment Of(DataOperationsCatalog catalog) => CatalogUtils.GetEnvironment(catalog);

    /// <summary>The environment of a catalog of multiclass trainers.</summary>
    public static IHostEnvironment Of(MulticlassClassificationCatalog.MulticlassClassificationTrainers catalog) => CatalogUtils.GetEnvironment(catalog);

    /// <summary>The environment of a catalog of regression trainers.</summary>
    public static IHostEnvironment Of(RegressionCatalog.RegressionTrainers catalog) => CatalogUtils.GetEnvironment(catalog);

    /// <summary>The environment of a catalog of binary trainers.</summary>
    public static IHostEnvironment Of(BinaryClassificationCatalog.BinaryClassificationTrainers catalog) => CatalogUtils.GetEnvironment(catalog);
}
