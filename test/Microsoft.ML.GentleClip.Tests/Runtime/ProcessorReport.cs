namespace Microsoft.ML.GentleClip.Tests.Runtime;

/// <summary>A test that fails says on which processor, and as which, it was computed.</summary>
[TestClass]
public static class ProcessorReport
{
    /// <summary>After every test of the assembly.</summary>
    [GlobalTestCleanup]
    public static void Print(TestContext context)
    {
        if (context.CurrentTestOutcome is not (UnitTestOutcome.Passed or UnitTestOutcome.Inconclusive or UnitTestOutcome.Ignored))
            context.WriteLine(Processor.Describe());
    }
}
