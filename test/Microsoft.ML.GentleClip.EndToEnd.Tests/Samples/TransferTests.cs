using System.Globalization;
using Transfer;

namespace Microsoft.ML.GentleClip.Tests.Samples;

/// <summary>Labels carried from one side to the other, on made-up views and on the emoji that come with the samples.</summary>
[TestClass]
public sealed class TransferTests
{
    private const int Classes = 3, Width = 12;

    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public void LabelsOfOneSideSortTheOther()
    {
        var random = new Random(1);
        double[][] centres = Many(Classes, 3), toSource = Many(Width, 3), toTarget = Many(Width, 3);
        var task = new TransferTask("made up", 20, IsOneKind: true, Samples(120), Samples(60));
        var output = new StringWriter();
        new Study(output, steps: 2, TestContext.CancellationToken).Run(task, seeds: 2);
        string text = output.ToString();
        TestContext.WriteLine(text);
        var right = text.Split('\n').Where(line => line.StartsWith("| ", StringComparison.Ordinal) && !line.Contains("per cent", StringComparison.Ordinal))
            .Select(line => line.Split('|', StringSplitOptions.TrimEntries))
            .ToDictionary(cells => cells[1], cells => double.Parse(cells[2].Split(' ')[0], CultureInfo.InvariantCulture));
        Assert.HasCount(14, right);
        Assert.IsGreaterThan(80, right["closed form, the default"], "the sides agree but for a rotation");
        Assert.IsGreaterThan(80, right["closed form on all pairs"]);
        Assert.IsGreaterThan(80, right["the target by itself, all labels"]);
        Assert.IsLessThan(70, right["the source's classifier as it is"], "the target is another rotation of the same");
        Assert.IsGreaterThan(right["guessing the largest class"], right["linear ridge CCA on the pairs"]);

        Sample[] Samples(int number) => [.. Enumerable.Range(0, number).Select(i =>
        {
            double[] latent = [.. centres[i % Classes].Select(value => 2 * value + 0.3 * (random.NextDouble() - 0.5))];
            return new Sample(Seen(toSource, latent), Seen(toTarget, latent), $"class {i % Classes}");
        })];

        float[] Seen(double[][] matrix, double[] latent) =>
            [.. matrix.Select(row => (float)(row.Zip(latent, (a, b) => a * b).Sum() + 0.1 * (random.NextDouble() - 0.5)))];

        double[][] Many(int rows, int columns) =>
            [.. Enumerable.Range(0, rows).Select(_ => Enumerable.Range(0, columns).Select(_ => 2 * random.NextDouble() - 1).ToArray())];
    }

    [TestMethod]
    public void BothStylesOfAnEmojiAreOneSample()
    {
        var task = Tasks.Styles();
        Assert.HasCount(287, task.Train);
        Assert.HasCount(95, task.Test);
        foreach (var sample in task.Train.Concat(task.Test))
        {
            Assert.IsTrue(sample.Source.Concat(sample.Target).All(value => value is >= 0 and <= 1.001f));
            Assert.AreEqual((768, 768), (sample.Source.Length, sample.Target.Length));
            CollectionAssert.AreNotEqual(sample.Source, sample.Target);
        }
        Assert.IsEmpty(task.Train.Select(sample => sample.Source).Intersect(task.Test.Select(sample => sample.Source)));
    }
}
