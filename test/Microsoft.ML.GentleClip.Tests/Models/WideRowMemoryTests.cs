using System.Globalization;
using Microsoft.ML.GentleClip.Tests.Runtime;

namespace Microsoft.ML.GentleClip.Tests.Models;

/// <summary>How far resident memory rises while the closed form is fitted on wide rows, in a process in which nothing else runs.</summary>
[TestClass]
public sealed class WideRowMemoryTests
{
    [TestMethod]
    [OSCondition(OperatingSystems.Linux)] // elsewhere the peak is that of the whole process
    [DataRow(1000, 30_000, "1", 2.0, DisplayName = "dense: twice the features")]
    [DataRow(2500, 20_000, "0.01", 0.5, DisplayName = "1 % of the slots: half of what they would be dense")]
    public void AFitStaysNearItsFeatures(int rows, int columns, string density, double factor)
    {
        string[] arguments = ["fit-memory", rows.ToString(CultureInfo.InvariantCulture), columns.ToString(CultureInfo.InvariantCulture), density];
        var result = ChildProcess.Run(AppContext.BaseDirectory, arguments);
        Assert.AreEqual(0, result.ExitCode, result.ToString());
        var (features, peak, scoring) = (Number("features MB"), Number("peak of the fit MB"), Number("peak of scoring MB"));
        Assert.IsLessThan(factor * features, peak, $"the peak in megabytes, where the features have {features}");
        Assert.IsLessThan(features, scoring, "scoring takes a window of rows at a time");

        double Number(string name) => double.Parse(
            result.Lines.Single(line => line.StartsWith(name, StringComparison.Ordinal)).Split(": ")[1], CultureInfo.InvariantCulture);
    }
}
