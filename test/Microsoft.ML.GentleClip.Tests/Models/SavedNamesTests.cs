using Microsoft.ML.GentleClip.Models;
using Microsoft.ML.GentleClip.Trainers.Checkpoints;

namespace Microsoft.ML.GentleClip.Tests.Models;

/// <summary>What was renamed in the public API has its old name in files, those of before and those to come.</summary>
[TestClass]
public sealed class SavedNamesTests
{
    [TestMethod]
    [DataRow(CdConvPooling.WithinChains, "Sound")]
    [DataRow(CdConvPooling.AsPublished, "PublicCode")]
    public void PoolingIsSavedAsReading(CdConvPooling pooling, string saved)
    {
        var modality = Modality.ProteinStructure("E", "AlphaCarbons", encoder: Proteins.SmallStructure with { Pooling = pooling });
        var json = ModelSerializer.DescribeTower(new TowerSpec(modality, 0));
        Assert.Contains($"\"reading\":\"{saved}\"", json.Replace(" ", "", StringComparison.Ordinal));
        Assert.IsFalse(json.Contains(pooling.ToString(), StringComparison.Ordinal), json);
        Assert.AreEqual(pooling, ((CdConvOptions)((ProteinStructureModality)ModelSerializer.ReadTower(json).Modality).Encoder).Pooling);
    }

    [TestMethod]
    public void ACheckpointFromBeforeIsOfTheSameTraining()
    {
        var saved = new Dictionary<string, string> { ["ModalityB.Encoder.Reading"] = "PublicCode", ["Objectives.sdd.Variance"] = "Own" };
        var now = new Dictionary<string, string> { ["ModalityB.Encoder.Pooling"] = "PublicCode", ["Objectives.sdd.Variance"] = "Own" };
        Assert.IsEmpty(CheckpointFingerprint.Differences(saved, now));
        now["ModalityB.Encoder.Pooling"] = "Sound";
        Assert.AreEqual("ModalityB.Encoder.Pooling is Sound, was PublicCode", CheckpointFingerprint.Differences(saved, now).Single());
    }
}
