using System.Reflection;

namespace Microsoft.ML.GentleClip.Tests.Options;

[TestClass]
public sealed class TextOptionsTests
{
    private static readonly string[] Tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"];

    [TestMethod]
    public void DefaultsAndEncoders()
    {
        Assert.AreEqual(new TextNGramOptions(), Modality.Text("out", "in").Encoder);
        var bert = new BertEncoderOptions();
        Assert.AreSame(bert, Modality.Text("out", "in", bert).Encoder);
        Assert.AreEqual(("in", "out"), (Modality.Text("out", "in").InputColumnName, Modality.Text("out", "in").OutputColumnName));
        Assert.AreEqual((true, 2, 4, 16384, 128, 10_000, 0.3, 0.2), Numbers(new TextNGramOptions()));
        CollectionAssert.AreEqual(new[] { 256 }, new TextNGramOptions().HiddenDimensions.ToArray());
        Assert.AreEqual((true, BertSize.Tiny, 8000, 128, 0.3, BertPooling.Mean),
            (bert.LowerCase, bert.Size, bert.MaximumVocabularySize, bert.MaximumLength, bert.Dropout, bert.Pooling));
        Assert.AreEqual((null, null, null, null), (bert.WeightsFile, bert.VocabularyFile, bert.Vocabulary, bert.TrainableLayers));
        Assert.AreSame(BertSize.Base, (bert with { WeightsFile = "w" }).Size);

        static (bool, int, int, int, int, int, double, double) Numbers(TextNGramOptions o) =>
            (o.LowerCase, o.MinimumLength, o.MaximumLength, o.Buckets, o.TableDimension, o.MaximumCharacters, o.Dropout, o.NGramDropout);
    }

    [TestMethod]
    public void PublishedBertSizesHaveNames()
    {
        Assert.HasCount(8, BertSize.Published);
        Assert.AreSame(BertSize.Tiny, BertSize.FromName("bert_uncased_L-2_H-128_A-2"));
        Assert.AreSame(BertSize.Base, BertSize.FromName("bert-base-cased"));
        foreach (var (name, size) in BertSize.Published.Where(entry => entry.Key.Contains("L-", StringComparison.Ordinal)))
            Assert.AreEqual($"bert_uncased_L-{size.Layers}_H-{size.HiddenDimension}_A-{size.AttentionHeads}", name);
        Assert.Contains("no BERT size 'bert'; expected one of bert_uncased_L-2_H-128_A-2, ",
            Assert.ThrowsExactly<ArgumentException>(() => BertSize.FromName("bert")).Message);
    }

    [TestMethod]
    [DataRow(true, "TrainableLayers", -1, "TrainableLayers must be from 0 to 256, found -1.")]
    [DataRow(true, "MaximumLength", 1, "MaximumLength must be from 2 to 65536, found 1.")]
    [DataRow(true, "MaximumVocabularySize", 99, "MaximumVocabularySize must be from 100 to 1048576, found 99.")]
    [DataRow(true, "Dropout", 1.0, "Dropout must be from 0 to below 1, found 1.")]
    [DataRow(true, "Pooling", (BertPooling)7, "Pooling must be one of Mean, ClassificationToken, found 7.")]
    [DataRow(false, "MinimumLength", 0, "MinimumLength must be from 1 to 16, found 0.")]
    [DataRow(false, "MaximumLength", 17, "MaximumLength must be from 1 to 16, found 17.")]
    [DataRow(false, "Buckets", 15, "Buckets must be from 16 to 16777216, found 15.")]
    [DataRow(false, "TableDimension", 0, "TableDimension must be from 1 to 65536, found 0.")]
    [DataRow(false, "MaximumCharacters", 0, "MaximumCharacters must be from 1 to 10000000, found 0.")]
    [DataRow(false, "Dropout", -0.1, "Dropout must be from 0 to below 1, found -0.1.")]
    [DataRow(false, "NGramDropout", double.NaN, "NGramDropout must be from 0 to below 1, found NaN.")]
    [DataRow(false, "HiddenDimensions", new[] { 0 }, "HiddenDimensions must be from 1 to 65536, found 0.")]
    public void OutOfRangeIsRefused(bool isBert, string name, object value, string expected) =>
        Assert.Contains(expected, Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => With(isBert, name, value)).Message);

    [TestMethod]
    public void BlankPathsAndNoSizeAreRefused()
    {
        foreach (var name in new[] { "WeightsFile", "VocabularyFile" })
            Assert.AreEqual(name, Assert.ThrowsExactly<ArgumentException>(() => With(true, name, " ")).ParamName);
        Assert.ThrowsExactly<ArgumentNullException>(() => With(true, "Size", null));
        Assert.ThrowsExactly<ArgumentNullException>(() => With(false, "HiddenDimensions", null));
    }

    [TestMethod]
    public void EqualByTheirValues()
    {
        Assert.AreEqual(new TextNGramOptions { HiddenDimensions = [3, 4] }, new TextNGramOptions { HiddenDimensions = [3, 4] });
        Assert.AreNotEqual(new TextNGramOptions { HiddenDimensions = [3, 4] }, new TextNGramOptions { HiddenDimensions = [4, 3] });
        Assert.AreNotEqual(new TextNGramOptions(), new TextNGramOptions { LowerCase = false });
        Assert.AreEqual(new BertEncoderOptions { Vocabulary = Tokens }, new BertEncoderOptions { Vocabulary = [.. Tokens], Size = BertSize.Tiny });
        Assert.AreNotEqual(new BertEncoderOptions { Vocabulary = Tokens }, new BertEncoderOptions { Vocabulary = [.. Tokens, "a"] });
        Assert.AreNotEqual(new BertEncoderOptions { Vocabulary = Tokens }, new BertEncoderOptions());
        Assert.AreNotEqual(new BertEncoderOptions(), new BertEncoderOptions { LowerCase = false });
    }

    [TestMethod]
    public void VocabulariesAreChecked()
    {
        Assert.Contains("Vocabulary: [SEP] missing", Refused(Tokens[..3]));
        Assert.Contains("Vocabulary: tokens 0 and 4 (counted from 0) are both '[PAD]'", Refused([.. Tokens, "[PAD]"]));
        Assert.Contains("Vocabulary: token 4 (counted from 0) is ''", Refused([.. Tokens, ""]));
        Assert.Contains("Vocabulary: token 4 (counted from 0) is 'a\nb'", Refused([.. Tokens, "a\nb"]));

        static string Refused(string[] tokens) => Assert.ThrowsExactly<ArgumentException>(() => new BertEncoderOptions { Vocabulary = tokens }).Message;
    }

    [TestMethod]
    public void SettingsThatContradictEachOtherAreNamed()
    {
        Assert.Contains("TrainableLayers is 3; expected at most the size's 2 layers", Refused(new() { TrainableLayers = 3 }));
        Assert.Contains("MaximumLength is 513; expected at most the size's 512 positions", Refused(new() { MaximumLength = 513 }));
        Assert.Contains("WeightsFile is set, but neither VocabularyFile nor Vocabulary", Refused(new() { WeightsFile = "w" }));
        Assert.Contains("VocabularyFile and Vocabulary are both set", Refused(new() { VocabularyFile = "v", Vocabulary = Tokens }));

        static string Refused(BertEncoderOptions encoder) =>
            Assert.ThrowsExactly<ArgumentException>(() => new MLContext().Transforms.GentleClip(Captions.Options(encoder))).Message;
    }

    [TestMethod]
    [DataRow(0, 32, 4, 64, 40, "layers must be from 1 to 256, found 0.")]
    [DataRow(2, 70000, 4, 64, 40, "hiddenDimension must be from 1 to 65536, found 70000.")]
    [DataRow(2, 30, 4, 64, 40, "hiddenDimension must be a multiple of the 4 attention heads, found 30.")]
    [DataRow(2, 32, 4, 0, 40, "feedForwardDimension must be from 1 to 262144, found 0.")]
    [DataRow(2, 32, 4, 64, 1, "maximumPositions must be from 2 to 65536, found 1.")]
    public void SizesThatCannotBeAreRefused(int layers, int width, int heads, int feedForward, int positions, string expected) =>
        Assert.Contains(expected, Assert.Throws<ArgumentException>(() => new BertSize(layers, width, heads, feedForward, positions)).Message);

    [TestMethod]
    public void SizesHaveTheUsualProportions()
    {
        Assert.AreEqual(new BertSize(12, 768, 12, 3072, 512), BertSize.Base);
        Assert.AreEqual(new BertSize(2, 128, 2), BertSize.Tiny);
    }

    private static void With(bool isBert, string name, object? value)
    {
        object options = isBert ? new BertEncoderOptions() : new TextNGramOptions();
        options.GetType().GetProperty(name)!.SetValue(options, value, BindingFlags.DoNotWrapExceptions, null, null, null);
    }
}
