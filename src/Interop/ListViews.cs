using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.GentleClip.Interop;

/// <summary>Data views over lists in memory.</summary>
internal static class ListViews
{
    /// <summary>A view whose rows are the list's.</summary>
    public static IDataView Create<T>(IHostEnvironment environment, IList<T> rows, SchemaDefinition schema) where T : class =>
        DataViewConstructionUtils.CreateFromList(environment, rows, schema);
}
