using Microsoft.ML.GentleClip.Modalities;
using Microsoft.ML.GentleClip.Options;

namespace Microsoft.ML.GentleClip.Tests.Modalities;

[TestClass]
public sealed class TextTokenizerTests
{
    private static readonly string[] Special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"];

    [TestMethod]
    public void TheLongestPiecesFromTheLeft()
    {
        // The example of the WordPiece documentation.
        var tokenizer = Tokenizer("un", "##aff", "##able", "##a", "unaff", "want", "##want", "##ed", ",");
        Assert.AreEqual("[CLS] unaff ##able , [UNK] want ##ed [SEP]", Pieces(tokenizer, "UNaffable, xx wanted", tokenizer.Vocabulary));
        Assert.AreEqual("unaffable , wanted", Text(tokenizer.Tokenizer.Encode("UNaffable,wanted"), tokenizer.Vocabulary));
    }

    [TestMethod]
    public void SpecialTokensInATextAreOrdinaryText()
    {
        var tokenizer = Tokenizer("[", "]", "sep", "cls");
        Assert.AreEqual("[CLS] [ cls ] [ sep ] [UNK] [SEP]", Pieces(tokenizer, "[CLS][SEP] x", tokenizer.Vocabulary));
    }

    [TestMethod]
    [DataRow("")]
    [DataRow("\u0000\u0001")]
    [DataRow("\ud800")]
    public void NothingIsTheTwoEnds(string text) => CollectionAssert.AreEqual(new[] { 2, 3 }, Tokenizer("a").Tokenizer.Encode(text));

    [TestMethod]
    public void LongTextKeepsItsFirstTokens()
    {
        var tokenizer = Tokenizer(maximumLength: 128, "a", "##b", "c");
        var long10000 = string.Concat(Enumerable.Repeat("ab c ", 2000));
        Assert.AreEqual(10_000, long10000.Length);
        var tokens = tokenizer.Tokenizer.Encode(long10000);
        Assert.HasCount(128, tokens);
        CollectionAssert.AreEqual(Enumerable.Range(0, 128).Select(i => i switch { 0 => 2, 127 => 3, _ => 5 + (i - 1) % 3 }).ToArray(), tokens);
        CollectionAssert.AreEqual(tokens, tokenizer.Tokenizer.Encode(long10000.AsSpan(0, 400)), "the rest does not matter");
        CollectionAssert.AreEqual(new[] { 2, 1, 3 }, tokenizer.Tokenizer.Encode(new string('a', 10_000)), "one word of 10,000 letters is unknown");
        CollectionAssert.AreEqual(new[] { 2, 3 }, Tokenizer(maximumLength: 2, "a").Tokenizer.Encode("a a"));
    }

    [TestMethod]
    public void LearntVocabulariesGiveBackAwkwardText()
    {
        string[] texts =
        [
            "The quick brown fox jumps over the lazy dog.", "😀 grinning face", "👨\u200d👩\u200d👧 family", "naïve café, crème brûlée!",
                "深度学习 deep learning", "한국어 텍스트",
            "tab\tand\u0000control\u0007characters", "Ωμέγα и кириллица", "e\u0301 decomposed", "مرحبا بالعالم", new('x', 90),
        ];
        foreach (var lowerCase in new[] { true, false })
        {
            var options = new BertEncoderOptions { LowerCase = lowerCase, MaximumLength = 500 };
            options = options with { Vocabulary = TextVocabulary.Learn(texts.Select(text => text.AsMemory()), options) };
            var tokenizer = new TextTokenizer(options);
            foreach (var text in texts)
            {
                var tokens = tokenizer.Encode(text);
                Assert.DoesNotContain(1, tokens, text);
                Assert.AreEqual(TextWords.Split(text, lowerCase), Text(tokens, options.Vocabulary!), text);
            }
            Assert.Contains(1, tokenizer.Encode("ж and \u4e01"), "a character that was never seen");
            Assert.AreEqual("dxob cafg ealy", Text(tokenizer.Encode("dxob cafg ealy"), options.Vocabulary!), "new words of known letters");
        }
    }

    [TestMethod]
    public void AnyTextCanBeEncodedAndGivesFiniteTokens()
    {
        var random = new Random(3);
        string[] texts = [.. Enumerable.Range(0, 200).Select(i => TextWordsTests.Awkward(random, 10 + i))];
        var options = new BertEncoderOptions { MaximumLength = 64 };
        options = options with { Vocabulary = TextVocabulary.Learn(texts.Take(100).Select(text => text.AsMemory()), options) };
        var tokenizer = new TextTokenizer(options);
        foreach (var text in texts)
        {
            var tokens = tokenizer.Encode(text);
            Assert.IsTrue(tokens.Length is >= 2 and <= 64 && tokens.All(token => token >= 0 && token < options.Vocabulary!.Count));
            Assert.AreEqual((2, 3), (tokens[0], tokens[^1]));
            Assert.DoesNotContain(2, tokens[1..]);
        }
    }

    [TestMethod]
    public void ManyThreadsEncodeAsOneDoes()
    {
        string[] texts = [.. Captions.Pairs(500, 1).Select(row => row.Text!)];
        var options = new BertEncoderOptions { MaximumVocabularySize = 150 };
        var tokenizer = new TextTokenizer(options with { Vocabulary = TextVocabulary.Learn(texts.Select(text => text.AsMemory()), options) });
        var expected = texts.Select(text => string.Join(' ', tokenizer.Encode(text))).ToArray();
        var found = new string[8 * texts.Length];
        Parallel.For(0, found.Length, i => found[i] = string.Join(' ', tokenizer.Encode(texts[i % texts.Length])));
        for (var i = 0; i < found.Length; i++)
            Assert.AreEqual(expected[i % texts.Length], found[i]);
    }

    [TestMethod]
    public void VocabulariesAreLearntFromTheMostFrequentPairs()
    {
        var texts =
            Enumerable.Repeat("low", 5).Concat(Enumerable.Repeat("lower", 2)).Concat(Enumerable.Repeat("newest", 6)).Concat(Enumerable.Repeat("widest", 3))
                .Select(t => t.AsMemory()).ToArray();
        var learnt = TextVocabulary.Learn(texts, new BertEncoderOptions { MaximumVocabularySize = 100 });
        CollectionAssert.AreEqual(Special, learnt.Take(5).ToArray());

        // By hand: ##e ##s and ##s ##t are met 9 times, the first in order wins; then ##es ##t 9; ##o ##w 7, l ##ow 7; ...
        string[] merges = [.. learnt.Skip(5).Where(piece => piece.Replace("##", "", StringComparison.Ordinal).Length > 1)];
        CollectionAssert.AreEqual(new[] { "##es", "##est" }, merges[..2]);
        CollectionAssert.IsSubsetOf(new[] { "##ow", "low", "##ewest", "newest", "widest", "lower" }, merges);
        CollectionAssert.AreEqual(learnt.ToArray(), TextVocabulary.Learn(texts.Reverse(), new BertEncoderOptions { MaximumVocabularySize = 100 }).ToArray(),
            "the order of the rows does not matter");

        var many = Enumerable.Range(0, 3000).Select(i => $"{(char)(0x4e00 + i)} word{i % 700}".AsMemory()).ToArray();
        Assert.HasCount(300, TextVocabulary.Learn(many, new BertEncoderOptions { MaximumVocabularySize = 300 }));
        Assert.HasCount(5, TextVocabulary.Learn([], new BertEncoderOptions()));
    }

    [TestMethod]
    public void VocabularyFilesAreChecked()
    {
        using var folder = new Runtime.TemporaryFolder();
        var file = folder.File("vocab.txt");
        File.WriteAllText(file, "[PAD]\r\n[UNK]\r\n[CLS]\r\n[SEP]\r\nä\r\n##😀\r\n");
        CollectionAssert.AreEqual(new[] { "[PAD]", "[UNK]", "[CLS]", "[SEP]", "ä", "##😀" }, TokenList.Read(file).ToArray());
        Refused("[PAD]\n[UNK]\n[CLS]\n", $"{file}: [SEP] missing; expected [PAD], [UNK], [CLS], [SEP] among the tokens.");
        Refused("[PAD]\n[UNK]\n\n[CLS]\n[SEP]", $"{file}: token 2 (counted from 0) is ''; expected 1 to 256 characters without blanks.");
        Refused("[PAD]\n[UNK]\n[CLS]\n[SEP]\na b", $"{file}: token 4 (counted from 0) is 'a b'; expected 1 to 256 characters without blanks.");
        Refused(new string('x', 100_000),
            $"{file}: token 0 (counted from 0) is '{new string('x', 60)}... (100000 characters)'; expected 1 to 256 characters without blanks.");
        Refused("[PAD]\n[UNK]\n[CLS]\n[SEP]\n[UNK]", $"{file}: tokens 1 and 4 (counted from 0) are both '[UNK]'.");

        void Refused(string content, string message)
        {
            File.WriteAllText(file, content);
            Assert.AreEqual(message, Assert.ThrowsExactly<InvalidDataException>(() => TokenList.Read(file)).Message);
        }
    }

    private static (TextTokenizer Tokenizer, string[] Vocabulary) Tokenizer(params string[] pieces) => Tokenizer(128, pieces);

    private static (TextTokenizer Tokenizer, string[] Vocabulary) Tokenizer(int maximumLength, params string[] pieces)
    {
        string[] vocabulary = [.. Special, .. pieces];
        return (new TextTokenizer(new BertEncoderOptions { Vocabulary = vocabulary, MaximumLength = maximumLength }), vocabulary);
    }

    private static string Pieces((TextTokenizer Tokenizer, string[]) tokenizer, string text, string[] vocabulary) =>
        string.Join(' ', tokenizer.Tokenizer.Encode(text).Select(token => vocabulary[token]));

    private static string Text(int[] tokens, IReadOnlyList<string> vocabulary) =>
        string.Join(' ', tokens[1..^1].Select(token => vocabulary[token])).Replace(" ##", "", StringComparison.Ordinal);
}
