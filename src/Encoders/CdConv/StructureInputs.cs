using System.Globalization;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>Names of the inputs of a graph of CDConv, and of their sizes.</summary>
internal static class StructureInputs
{
    public const string Residues = "residues", Steps = "steps", LocalGeometry = "local_geometry", Chain = "chain", ChainNodes = "chain_nodes";

    public static string Neighbours(int stage) => Name("neighbors", stage);

    public static string Offsets(int stage) => Name("offsets", stage);

    public static string Geometry(int stage) => Name("geometry", stage);

    public static string Fading(int stage) => Name("fading", stage);

    public static string Pooled(int stage) => Name("pooled", stage);

    public static string PooledNodes(int stage) => Name("pooled_nodes", stage);

    /// <summary>Number of nodes of a stage, as a changing size.</summary>
    public static string Nodes(int stage) => Name("nodes", stage);

    /// <summary>Width of the neighbour lists of a stage, as a changing size.</summary>
    public static string Width(int stage) => Name("width", stage);

    private static string Name(string kind, int stage) => string.Create(CultureInfo.InvariantCulture, $"{kind}_{stage}");
}
