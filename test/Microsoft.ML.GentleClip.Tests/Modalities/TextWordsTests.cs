using System.Text;
using System.Text.Json;
using Microsoft.ML.GentleClip.Modalities;

namespace Microsoft.ML.GentleClip.Tests.Modalities;

[TestClass]
public sealed class TextWordsTests
{
    [TestMethod]
    [DataRow("", "", "")]
    [DataRow(" \t\r\n\u3000\u00a0", "", "")]
    [DataRow("Hello,  World!", "hello , world !", "Hello , World !")]
    [DataRow("don't a-b x_y 3.5$", "don ' t a - b x _ y 3 . 5 $", "don ' t a - b x _ y 3 . 5 $")]
    [DataRow("Ça va? Crème BRÛLÉE", "ca va ? creme brulee", "Ça va ? Crème BRÛLÉE")]
    [DataRow("e\u0301 İstanbul ΆΣ Ёж", "e istanbul ασ еж", "e\u0301 İstanbul ΆΣ Ёж")]
    [DataRow("深い学習is好", "深 い 学 習 is 好", "深 い 学 習 is 好")]
    [DataRow("\U00020000x", "\U00020000 x", "\U00020000 x")]
    [DataRow("한국", "\u1112\u1161\u11ab\u1100\u116e\u11a8", "한국")]
    [DataRow("😀😀 👨\u200d👩 ❤\ufe0f", "😀😀 👨👩 ❤", "😀😀 👨👩 ❤\ufe0f")]
    [DataRow("a\u0000b\u0007c\u200bd\ufeff", "abcd", "abcd")]
    [DataRow("x\ud83dy\udc00z\ufffd", "xyz", "xyz")]
    [DataRow("[CLS] [MASK]", "[ cls ] [ mask ]", "[ CLS ] [ MASK ]")]
    [DataRow("¿Qué? “a” €5", "¿ que ? “ a ” €5", "¿ Qué ? “ a ” €5")]
    public void SplitsAsBertDoes(string text, string small, string asIs)
    {
        Assert.AreEqual(small, TextWords.Split(text, lowerCase: true));
        Assert.AreEqual(asIs, TextWords.Split(text, lowerCase: false));
    }

    /// <summary>
    /// Random text of all scripts and every accented letter, split by a reference that was written from BERT's description with Python's Unicode tables.
    /// </summary>
    [TestMethod]
    public void EqualsTheReference()
    {
        using var json = JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "data", "golden", "text", "basic_tokens.json")));
        Assert.IsGreaterThan(300, json.RootElement.GetArrayLength());
        foreach (var golden in json.RootElement.EnumerateArray())
        {
            var text = golden.GetProperty("text").GetString()!;
            Assert.AreEqual(golden.GetProperty("small").GetString(), TextWords.Split(text, lowerCase: true), Hex(text));
            Assert.AreEqual(golden.GetProperty("asIs").GetString(), TextWords.Split(text, lowerCase: false), Hex(text));
        }
    }

    [TestMethod]
    public void TheWordsOfTheWordsAreTheSame()
    {
        var random = new Random(5);
        for (var draw = 0; draw < 300; draw++)
        {
            var text = Awkward(random, 40);
            foreach (var lowerCase in new[] { true, false })
            {
                var words = TextWords.Split(text, lowerCase);
                Assert.AreEqual(words, TextWords.Split(words, lowerCase), Hex(text));
                var parts = words.Split(' ', StringSplitOptions.RemoveEmptyEntries);
                for (var count = 0; count <= 5; count++)
                    Assert.AreEqual(string.Join(' ', parts.Take(count)), TextWords.Split(text, lowerCase, count));
            }
        }
    }

    [TestMethod]
    [DataRow("", true)]
    [DataRow(" \t\u3000", true)]
    [DataRow("\u0000\u0007\n", true)]
    [DataRow("\u0000a", false)]
    [DataRow("\u200b", false)]
    public void TextOfBlanksAndControlsIsMissing(string text, bool expected) => Assert.AreEqual(expected, TextWords.IsBlank(text));

    [TestMethod]
    public void AccentsAreThoseOfTheStandard()
    {
        // The framework knows the decompositions only outside of the invariant mode, in which tests run; these are from the standard's data.
        const string accented = "àÿāžơưǜȳʹάώΐйёѷאַ", plain = "ayazouuyʹαωιиеѵא";
        Assert.AreEqual(plain, TextWords.Split(accented, lowerCase: true));
        Assert.AreEqual("豈更車", TextWords.Split("\uf900\uf901\uf902", lowerCase: true).Replace(" ", "", StringComparison.Ordinal));
        Assert.AreEqual("øłđæßħ", TextWords.Split("ØŁĐÆßĦ", lowerCase: true), "no decomposition, no change");
    }

    private static string Hex(string text) => Convert.ToHexString(Encoding.BigEndianUnicode.GetBytes(text));

    /// <summary>Text of everything that is awkward: surrogates whole and broken, controls, marks, all scripts.</summary>
    internal static string Awkward(Random random, int length) => string.Create(length, random, (span, r) =>
    {
        foreach (ref var c in span)
            c = r.Next(6) switch
            {
                0 => (char)r.Next(0x20, 0x7f),
                1 => (char)r.Next(0x10000),
                2 => (char)r.Next(0xd800, 0xe000),
                3 => " .,é가中"[r.Next(6)],
                4 => (char)r.Next(0x20),
                _ => (char)r.Next('a', 'z' + 1),
            };
    });
}
