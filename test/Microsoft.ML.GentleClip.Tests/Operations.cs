namespace Microsoft.ML.GentleClip.Tests;

/// <summary>What a user reaches by <c>mlContext.GentleClip()</c>, for tests that need no context of their own.</summary>
internal static class Operations
{
    public static GentleClipOperationsCatalog Catalog { get; } = new MLContext(seed: 1).GentleClip();
}
