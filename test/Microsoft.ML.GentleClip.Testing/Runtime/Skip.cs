using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;

namespace Microsoft.ML.GentleClip.Tests.Runtime;

/// <summary>Skipped tests: a runner's console shows their names, and keeps the reasons to itself.</summary>
internal static class Skip
{
    /// <summary>Ends the test as skipped and prints why.</summary>
    [DoesNotReturn]
    public static void Because(TestContext context, string reason)
    {
        context.DisplayMessage(MessageLevel.Warning, $"{context.TestDisplayName ?? context.TestName} is skipped: {reason}");
        Assert.Inconclusive(reason);
        throw new UnreachableException();
    }
}
