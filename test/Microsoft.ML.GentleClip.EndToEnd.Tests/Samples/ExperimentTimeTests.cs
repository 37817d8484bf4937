using System.Text.Json.Nodes;
using Experiments.Configuration;
using Experiments.Data;
using Experiments.Reporting;
using Experiments.Running;

namespace Microsoft.ML.GentleClip.Tests.Samples;

/// <summary>What cells took: shares of what runs side by side, and sums over all starts.</summary>
[TestClass]
[DoNotParallelize]
public sealed class ExperimentTimeTests : ExperimentTest
{
    [TestMethod]
    public void WhatRunsBesideTowersSharesTheTime()
    {
        var now = new ComputingTime(100, 50);
        var timer = new SharedTimer(() => now);
        var one = timer.Start();
        now += new ComputingTime(4, 3);
        var two = timer.Start();
        now += new ComputingTime(2, 4);
        Assert.AreEqual(new ComputingTime(4 + 1, 3 + 2), timer.Stop(one));
        now += new ComputingTime(1, 1);
        Assert.AreEqual(new ComputingTime(1 + 1, 2 + 1), timer.Stop(two));
        now += new ComputingTime(9, 9);
        var three = timer.Start();
        Assert.AreEqual(default, timer.Stop(three), "what passed while nothing ran is nobody's");
    }

    [TestMethod]
    public void ClocksOfTheProcessGoOn()
    {
        var before = SharedTimer.OfProcess();
        for (var sum = 0d; SharedTimer.OfProcess().ProcessorSeconds - before.ProcessorSeconds < 0.05; sum += Math.Sqrt(sum + 1))
            ;
        Assert.IsGreaterThan(before.WallSeconds, SharedTimer.OfProcess().WallSeconds);
    }

    [TestMethod]
    public void TotalsAddUpCellsAndNetworks()
    {
        CellResult[] cells = [Cell(1, new(60, 90)), Cell(2, new(120, 210)), Cell(3, null)];
        Assert.AreEqual(
            "3 cells: 3.0 min of wall time, 5.0 min of processor time (2.5 min on 2 cores); "
                + "1 of the cells come from a version that did not time them, and are not in these sums.",
            $"{RunTotals.Of(cells, [])}");
        var data = new TwoViewData("d", [[1f]], [[1f]], null, "hash") { NetworkTime = new ComputingTime(30, 60) };
        Assert.AreEqual(
            "2 cells and the networks of the features: 3.5 min of wall time, 6.0 min of processor time (3.0 min on 2 cores); "
                + "1.0 min of the processor time are the networks'.",
            $"{RunTotals.Of(cells[..2], [data])}");
    }

    [TestMethod]
    public void ResumedRunAddsItsTimesToTheFormerAndReadsCellsWithoutTimes()
    {
        Run(Json(""));
        var file = Folder.File("out/cells.jsonl");
        JsonNode[] lines = [.. File.ReadAllLines(file).Select(line => JsonNode.Parse(line)!)];
        Assert.HasCount(2, lines);
        Assert.IsTrue(lines.All(line => line["time"]!["processorSeconds"]!.GetValue<double>() > 0), "A cell took no time.");

        lines[0]["time"]!["processorSeconds"] = 1200;
        lines[1].AsObject().Remove("time");
        File.WriteAllLines(file, lines.Select(line => line.ToJsonString()));
        var output = Run(Json("""{ "name": "linear", "baseline": "linear" }"""));
        StringAssert.Contains(output, "2 cells computed, 2 taken over");
        StringAssert.Contains(output, "4 cells: ");
        StringAssert.Contains(output, " 20.0 min of processor time (10.0 min on 2 cores); 1 of the cells come from a version that did not time them");
        var report = File.ReadAllText(Folder.File("out/results.md"));
        StringAssert.Contains(report[report.IndexOf("## Time", StringComparison.Ordinal)..], " 20.0 min of processor time");
    }

    [TestMethod]
    public void TimeLeftIsWhatLikeCellsTook()
    {
        CellKey[] cells = [Key("quick", 1), Key("slow", 1), Key("quick", 2), Key("slow", 2), Key("slow", 3), Key("new", 1)];
        var left = new global::Experiments.TimeLeft(cells);
        Assert.AreEqual("1/6", left.Finished(cells[0], null), "taken over from a version that did not time it");
        Assert.AreEqual("2/6, 0:06:40 left", left.Finished(cells[1], new ComputingTime(100, 1)), "four that nothing else is known of");
        Assert.AreEqual("3/6, 0:04:11 left", left.Finished(cells[2], new ComputingTime(2, 1)), "two slow ones, and the mean for the new");
        Assert.AreEqual("4/6, 0:03:21 left", left.Finished(cells[3], new ComputingTime(140, 1)), "120 and the mean 80.67; the third slow one is dearer");
        Assert.AreEqual("6/6, 0:00:00 left", (left.Finished(cells[4], null), left.Finished(cells[5], null)).Item2);

        static CellKey Key(string method, int seed) => new(false, "d", method, null, "8", UnpairedRows.Real, "all", seed);
    }

    private static CellResult Cell(int seed, ComputingTime? time) => new(
        new CellKey(false, "d", "Clip", null, "8", UnpairedRows.Real, "all", seed), "hash", "build", 8, 10, 10, 3, 2000, 0.5,
        new Dictionary<string, double>(), time);
}
