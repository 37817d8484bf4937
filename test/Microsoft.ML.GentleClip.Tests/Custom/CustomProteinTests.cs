using Microsoft.ML.GentleClip.Encoders;
using Microsoft.ML.GentleClip.Modalities;
using Microsoft.ML.GentleClip.Tests.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Tests.Custom;

/// <summary>A user's own networks of sequences and structures: what they are given, and that they train, are saved and score like the library's.</summary>
[TestClass]
public sealed class CustomProteinTests
{
    [TestMethod]
    public void TheyTrainRepeatAndComeBackFromAFile()
    {
        var rows = new MLContext(1).Data.LoadFromEnumerable(Proteins.Mixed(14, 5, 5));
        using var model = new MLContext(3).Transforms.GentleClip(Options()).Fit(rows);
        using var again = new MLContext(3).Transforms.GentleClip(Options()).Fit(rows);
        CollectionAssert.AreEqual(SavedModel.Content(model), SavedModel.Content(again), "equal seeds");
        var untrained = Options();
        untrained.MaximumNumberOfSteps = 1;
        using var less = new MLContext(3).Transforms.GentleClip(untrained).Fit(rows);
        CollectionAssert.AreNotEqual(SavedModel.Content(model), SavedModel.Content(less), "nothing was trained");

        var file = CustomTraining.Save(model);
        Assert.Contains("'tests.residues', which is in no registered assembly", Assert.Throws<Exception>(() => Load(new MLContext(), file)).ToString());
        using var loaded = Load(CustomTraining.Registered(), file);
        foreach (var column in new[] { "SequenceEmbedding", "StructureEmbedding" })
            Embeddings.AssertEqualBits(Embeddings.Bits(model.Transform(rows), column), Embeddings.Bits(loaded.Transform(rows), column));
        Assert.AreEqual(new ResidueMeanOptions(12) { MaximumLength = 10 }, ((ProteinSequenceModality)loaded.ModalityA).Encoder);
        Assert.AreEqual("Sequence", ((ProteinStructureModality)loaded.ModalityB).SequenceColumnName);
    }

    [TestMethod]
    public void ABatchIsItsRows()
    {
        var mlContext = new MLContext(1);
        using var model = new MLContext(3).Transforms.GentleClip(Options()).Fit(mlContext.Data.LoadFromEnumerable(Proteins.Mixed(14, 5, 5)));
        var rows = Proteins.Pieces(7, 30);
        foreach (var column in new[] { "SequenceEmbedding", "StructureEmbedding" })
        {
            var all = Embeddings.Column(model.Transform(mlContext.Data.LoadFromEnumerable(rows)), column);
            for (var i = 0; i < rows.Count; i++)
            {
                var one = Embeddings.Column(model.Transform(mlContext.Data.LoadFromEnumerable([rows[i]])), column).Single();
                for (var slot = 0; slot < one.Length; slot++)
                    Assert.AreEqual(all[i][slot], one[slot], 1e-5f, $"{column}, row {i}");
            }
        }
    }

    [TestMethod]
    public void ANetworkOfSequencesSeesTokensBetweenBeginningAndEnd()
    {
        using var scope = NewDisposeScope();
        using var encoder = Create(Modality.ProteinSequence("E", "S", new ResidueMeanOptions { MaximumLength = 3 }));
        var seen = new List<(long[] Tokens, bool[] Mask, long[] Shape)>();
        ResidueMean.Seen.Value = (tokens, mask, shape) => seen.Add((tokens, mask, shape));
        encoder.Encode(new SequenceBatch([Esm2Alphabet.Encode("LAGVS"), Esm2Alphabet.Encode("A")]), noise: null);
        var (tokens, mask, shape) = seen.Single();
        CollectionAssert.AreEqual(new long[] { 2, 5 }, shape);
        CollectionAssert.AreEqual(new long[] { 0, 4, 5, 6, 2, 0, 5, 2, 1, 1 }, tokens);
        CollectionAssert.AreEqual(new[] { true, true, true, true, true, true, true, true, false, false }, mask);
    }

    [TestMethod]
    public void ANetworkOfStructuresSeesCentredCarbonsAndATrainingCutsThem()
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(1);
        using var encoder = Create(Modality.ProteinStructure("E", "C", encoder: new CarbonMeanOptions { MaximumLength = 3 }));
        var seen = new List<(float[] Carbons, long[] Residues, bool[] Mask, long[] Shape)>();
        CarbonMean.Seen.Value = (carbons, residues, mask, shape) => seen.Add((carbons, residues, mask, shape));
        var diagonal = Enumerable.Range(0, 12).Select(i => 10f * i).ToArray();
        var batch = new StructureBatch([new Chain(new float[] { 1, 2, 3, 3, 2, 1 }, new byte[] { 4, 19 }), new Chain(diagonal)]);
        encoder.Encode(batch, noise: null);
        var (carbons, residues, mask, shape) = seen.Single();
        CollectionAssert.AreEqual(new long[] { 2, 4, 3 }, shape);
        CollectionAssert.AreEqual(new float[] { -1, 0, 1, 1, 0, -1, 0, 0, 0, 0, 0, 0, -45, -45, -45, -15, -15, -15, 15, 15, 15, 45, 45, 45 }, carbons);
        CollectionAssert.AreEqual(new long[] { 4, 19, 20, 20, 20, 20, 20, 20 }, residues);
        CollectionAssert.AreEqual(new[] { true, true, false, false, true, true, true, true }, mask);
        encoder.Encode(batch, new NoiseSource(generator));
        CollectionAssert.AreEqual(new long[] { 2, 3, 3 }, seen[1].Shape, "a training sees a piece");
    }

    [TestMethod]
    public void WhatCannotBeIsNamed()
    {
        var options = Options();
        options.ModalityA = Modality.ProteinSequence("SequenceEmbedding", "Sequence", new ResidueMeanOptions { WeightsFile = "no-such.safetensors" });
        var rows = new MLContext(1).Data.LoadFromEnumerable(Proteins.Mixed(14, 5, 5));
        var missing = Assert.ThrowsExactly<FileNotFoundException>(() => new MLContext(3).Transforms.GentleClip(options).Fit(rows));
        Assert.Contains("The weights file of column 'Sequence' does not exist", missing.Message);
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new ResidueMeanOptions { MaximumLength = 0 });
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new CarbonMeanOptions { MaximumLength = 2 });
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new ResidueMeanOptions { UnknownResidues = (Esm2UnknownResidues)9 });

        using var folder = new TemporaryFolder();
        using var model = new MLContext(3).Transforms.GentleClip(Options()).Fit(rows);
        foreach (var column in new[] { "SequenceEmbedding", "StructureEmbedding" })
        {
            void Export() => new MLContext().Model.ConvertGentleClipToOnnx(model, folder.File("tower.onnx"), column);
            Assert.Contains("is a network of your own", Assert.ThrowsExactly<NotSupportedException>(Export).Message);
        }
    }

    private static Encoder Create(Modality modality)
    {
        using var generator = new Generator(2);
        return EncoderKinds.Of(modality).Create(modality, 0, generator);
    }

    private static GentleClipOptions Options()
    {
        var options = Proteins.Options(steps: 6);
        options.ModalityA = Modality.ProteinSequence("SequenceEmbedding", "Sequence", new ResidueMeanOptions(12) { MaximumLength = 10 });
        options.ModalityB = Modality.ProteinStructure("StructureEmbedding", "AlphaCarbons", "Sequence", new CarbonMeanOptions { MaximumLength = 12 });
        return options;
    }

    private static GentleClipTransformer Load(MLContext mlContext, byte[] file) => (GentleClipTransformer)mlContext.Model.Load(new MemoryStream(file), out _);
}
