using Microsoft.ML.Data;
using Microsoft.ML.Transforms;

namespace Microsoft.ML.GentleClip.Interop;

/// <summary>Which columns a fitted step of ML.NET's writes.</summary>
internal static class StepOutputs
{
    /// <summary>Whether a step writes a column; null where that cannot be told without the rows' schema.</summary>
    public static bool? Writes(ITransformer step, string column) => step switch
    {
        OneToOneTransformerBase mapper => mapper.ColumnPairs.Any(pair => pair.outputColumnName == column),
        ColumnConcatenatingTransformer concatenation => concatenation.Columns.Any(pair => pair.outputColumnName == column),
        ColumnSelectingTransformer => false,
        _ => null,
    };
}
