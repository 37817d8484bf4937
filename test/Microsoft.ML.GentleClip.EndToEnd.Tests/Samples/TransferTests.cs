using System.Globalization;
using System.Security.Cryptography;
using EmojiPictures;
using PretrainedSearch;
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
    }

    [TestMethod]
    public void DrawingsThatAreInBothPartsUnderTwoNamesAreTheKnownOnes()
    {
        // By their pixels: by reference no two arrays are the same, and by name no two emoji.
        var data = EmojiData.Read(EmojiData.Own);
        var found = new List<string>();
        for (int style = 0; style < EmojiData.Styles.Length; style++)
        {
            string Pixels(Emoji emoji) => Convert.ToHexString(emoji.Pictures[style]);
            var train = data.Train.ToLookup(Pixels, emoji => emoji.Name);
            found.AddRange(data.Test.Where(emoji => train.Contains(Pixels(emoji))).Select(emoji =>
                $"{EmojiData.Styles[style]}: {emoji.Name} = {string.Join(" = ", train[Pixels(emoji)].Order(StringComparer.Ordinal))}"));
        }
        CollectionAssert.AreEquivalent(new[]
        {
            "google: family: adult, child, child = family: man, boy, boy",
            "twitter: family: adult, child, child = family: man, boy, boy = family: woman, boy, boy",
            "twitter: family: man, woman, boy = family: man, man, boy = family: woman, woman, boy",
        }, found, "The page of figures names two emoji that are no unseen test samples.");
        string page = File.ReadAllText(Path.Combine(Repository.Root, "docs", "reproduction", "transfer.md"));
        foreach (string name in new[] { "family: adult, child, child", "family: man, woman, boy" })
            Assert.Contains(name, page);

        // What the task makes of them: as many samples, none of them without its mean of pixels.
        var task = Tasks.Styles();
        Assert.AreEqual(1, task.Test.Count(sample => task.Train.Any(other => sample.Source.AsSpan().SequenceEqual(other.Source))));
        Assert.AreEqual(2, task.Test.Count(sample => task.Train.Any(other => sample.Target.AsSpan().SequenceEqual(other.Target))));
    }

    [TestMethod]
    public void NoDrawingWithWordsIsInBothParts()
    {
        var (train, test) = Drawing.Read(int.MaxValue);
        HashSet<string> learnt = [.. train.Select(drawing => Convert.ToHexString(SHA256.HashData(drawing.Content)))];
        Assert.HasCount(train.Length, learnt);
        Assert.IsEmpty(test.Where(drawing => learnt.Contains(Convert.ToHexString(SHA256.HashData(drawing.Content)))).Select(drawing => drawing.Name));
    }
}
