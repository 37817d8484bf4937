using Microsoft.ML.GentleClip.Tests.Runtime;

namespace Microsoft.ML.GentleClip.Tests.Estimators;

/// <summary>What CDConv is told of a residue: by the columns that there are, never a constant, and as saved in older models.</summary>
[TestClass]
public sealed class StructureInputTests
{
    private static readonly MLContext Context = new(seed: 1);

    [TestMethod]
    [DataRow(null, null, CdConvInput.LocalGeometry)]
    [DataRow("Sequence", null, CdConvInput.ResidueTypes)]
    [DataRow("Sequence", CdConvInput.ResidueTypes, CdConvInput.ResidueTypes)]
    [DataRow(null, CdConvInput.Steps, CdConvInput.Steps)]
    public void TheModalityDecides(string? sequenceColumn, CdConvInput? input, CdConvInput expected)
    {
        var modality = Modality.ProteinStructure("Embedding", "AlphaCarbons", sequenceColumn, new CdConvOptions { Input = input });
        Assert.AreEqual(expected, ((CdConvOptions)modality.Encoder).Input);
        var again = Modality.ProteinStructure("Embedding", "AlphaCarbons", sequenceColumn, modality.Encoder);
        Assert.AreEqual(expected, ((CdConvOptions)again.Encoder).Input);
    }

    [TestMethod]
    [DataRow(null, CdConvInput.ResidueTypes, "names no sequence column: the input would be the same for every residue")]
    [DataRow("Letters", CdConvInput.LocalGeometry, "LocalGeometry reads no sequence, but the modality of column 'AlphaCarbons' names 'Letters'")]
    [DataRow("Letters", CdConvInput.Steps, "Steps reads no sequence")]
    public void WhatDoesNotFitIsRefused(string? sequenceColumn, CdConvInput input, string expected)
    {
        var options = Proteins.Options(structure: Proteins.SmallStructure with { Input = input }, sequenceColumn: sequenceColumn);
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => Context.Transforms.GentleClip(options)).Message, expected);
    }

    [TestMethod]
    [DataRow("blank sequences", "'AlphaCarbons' has no residue types in any row")]
    [DataRow("nanometres", "")]
    [DataRow("far apart", "'AlphaCarbons' has no three successive alpha carbons in any row that are at most 4.5 angstrom apart")]
    [DataRow("as they are", "")]
    public void AnInputThatTheDataMakeConstantIsWarnedOf(string what, string expected)
    {
        var rows = Proteins.Mixed(10, 0, 0).ConvertAll(row => new Lettered
        {
            Sequence = row.Sequence,
            AlphaCarbons = Array.ConvertAll(row.AlphaCarbons!, value => value * (what == "nanometres" ? 0.1f : what == "far apart" ? 2 : 1)),
            Letters = what == "blank sequences" ? "" : row.Sequence,
        });
        var context = new MLContext(1);
        var log = new ContextLog(context);
        var options = Proteins.Options(steps: 1, sequenceColumn: what is "blank sequences" or "as they are" ? "Letters" : null);
        using var model = context.Transforms.GentleClip(options).Fit(context.Data.LoadFromEnumerable(rows));
        var warnings = string.Join('\n', log.Warnings);
        if (expected.Length > 0)
            StringAssert.Contains(warnings, expected);
        else
            Assert.DoesNotContain("the same for every residue", warnings);
    }

    /// <summary>Models of formats 1.1 and 1.2 without a sequence column have unknown residues everywhere, and keep them.</summary>
    [TestMethod]
    public void AnOlderModelKeepsItsInput()
    {
        var rows = Proteins.Mixed(10, 0, 0);
        var view = Context.Data.LoadFromEnumerable(rows.ConvertAll(row => new Lettered
        {
            Sequence = row.Sequence,
            AlphaCarbons = row.AlphaCarbons,
            Letters = row.Sequence,
        }));
        using var file = new MemoryStream();
        using (var trained = Context.Transforms.GentleClip(Proteins.Options(sequenceColumn: "Letters")).Fit(view))
            Context.Model.Save(trained, view.Schema, file);
        using var withoutLetters = SavedModel.WithDescription(file.ToArray(), "\"sequenceColumn\": \"Letters\"", "\"sequenceColumn\": null");
        using var older = SavedModel.WithDescription(withoutLetters.ToArray(), "\"input\": \"ResidueTypes\"", "\"useStructureInput\": false");
        using var model = (GentleClipTransformer)Context.Model.Load(older, out _);
        Assert.AreEqual(CdConvInput.ResidueTypes, ((CdConvOptions)((ProteinStructureModality)model.ModalityB).Encoder).Input);

        using var whole = (GentleClipTransformer)Context.Model.Load(file, out _);
        var unknown = Context.Data.LoadFromEnumerable(rows.ConvertAll(row => new Lettered { AlphaCarbons = row.AlphaCarbons, Letters = "" }));
        var expected = Embeddings.Column(whole.Transform(unknown), "StructureEmbedding");
        var found = Embeddings.Column(model.Transform(view), "StructureEmbedding");
        for (var i = 0; i < rows.Count; i++)
            CollectionAssert.AreEqual(expected[i], found[i], $"row {i}");
        using var folder = new TemporaryFolder();
        Context.Model.Save(model, view.Schema, folder.File("again.zip"));
        using var again = (GentleClipTransformer)Context.Model.Load(folder.File("again.zip"), out _);
        CollectionAssert.AreEqual(SavedModel.Content(model), SavedModel.Content(again));
    }

    private sealed class Lettered
    {
        public string? Sequence { get; set; }

        public float[]? AlphaCarbons { get; set; }

        public string? Letters { get; set; }
    }
}
