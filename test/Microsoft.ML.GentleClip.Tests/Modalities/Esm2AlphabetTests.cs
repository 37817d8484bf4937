using Microsoft.ML.GentleClip.Encoders;
using Microsoft.ML.GentleClip.Modalities;
using Microsoft.ML.GentleClip.Tests.Encoders;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Tests.Modalities;

[TestClass]
public sealed class Esm2AlphabetTests
{
    [TestMethod]
    public void LettersHaveThePublishedNumbers()
    {
        var tokens = Esm2Golden.Read("alphabet.json").GetProperty("tok_to_idx").EnumerateObject().ToDictionary(p => p.Name, p => p.Value.GetByte());
        Assert.HasCount(Esm2Alphabet.Count, tokens);
        foreach (var (token, number) in tokens.Where(t => t.Key.Length == 1 || t.Key is "<mask>" or "<unk>"))
            CollectionAssert.AreEqual(new[] { number }, Esm2Alphabet.Encode(token), token);
        Assert.AreEqual(
            (tokens["<cls>"], tokens["<pad>"], tokens["<eos>"], tokens["<unk>"], tokens["<mask>"]),
            (Esm2Alphabet.Beginning, Esm2Alphabet.Padding, Esm2Alphabet.End, Esm2Alphabet.Unknown, Esm2Alphabet.Mask));
    }

    [TestMethod]
    [DataRow("padded_batch")]
    [DataRow("with_mask_tokens")]
    [DataRow("no_padding")]
    public void BatchesEqualTheReference(string name)
    {
        using var scope = NewDisposeScope();
        var golden = Esm2Golden.Case(name);
        Esm2Golden.AssertClose(Esm2Golden.Tokens(golden), Esm2Batch.FromText(Esm2Golden.Sequences(golden), CPU), 0);
    }

    [TestMethod]
    [DataRow("MJK", "Character 2 of the sequence is 'J'")]
    [DataRow("M K*", "Character 4 of the sequence is '*'")]
    [DataRow("mkt", "Character 1 of the sequence is 'm'")]
    [DataRow("MK<pad>", "Character 3 of the sequence is '<'")]
    [DataRow("MK<eos>", "Character 3 of the sequence is '<'")]
    [DataRow("MKé", "Character 3 of the sequence is 'é'")]
    [DataRow("", "no residue")]
    [DataRow(" \t\n", "no residue")]
    public void OtherCharactersAreRefused(string sequence, string message) =>
        Assert.Contains(message, Assert.ThrowsExactly<FormatException>(() => Esm2Alphabet.Encode(sequence)).Message);

    [TestMethod]
    public void OrTheyAreUnknownResidues()
    {
        CollectionAssert.AreEqual(new byte[] { 20, 3, 15, 3, 3 }, Esm2Alphabet.Encode("M J\nK*<unk>", Esm2UnknownResidues.UnknownToken));
        foreach (var refused in new[] { "mkt", "MK<pad>" })
            Assert.ThrowsExactly<FormatException>(() => Esm2Alphabet.Encode(refused, Esm2UnknownResidues.UnknownToken));
    }
}
