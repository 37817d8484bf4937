namespace Microsoft.ML.GentleClip.Tests.Options;

[TestClass]
public sealed class ImageOptionsTests
{
    [TestMethod]
    public void DefaultsAreThoseOfThePublishedNetworks()
    {
        var options = new ImageOptions();
        Assert.AreEqual((224, 256), (options.Size, options.Stored));
        Assert.AreEqual(ResNetSize.Small, new ResNetOptions().Size);
        Assert.AreEqual(ResNetSize.ResNet18, new ResNetOptions { WeightsFile = "a.pth" }.Size);
        Assert.AreEqual(ViTSize.B32, new ViTOptions { WeightsFile = "a.pth" }.Size);
        Assert.AreEqual((512, 512, 2048), (ResNetSize.ResNet18.FeatureDimension, ResNetSize.ResNet34.FeatureDimension, ResNetSize.ResNet50.FeatureDimension));
    }

    [TestMethod]
    public void EqualityIsByValue()
    {
        Assert.AreEqual(new ImageOptions(), new ImageOptions { StoredSize = 256, Mean = [0.485, 0.456, 0.406] });
        Assert.AreNotEqual(new ImageOptions(), new ImageOptions { Mean = [0.5, 0.456, 0.406] });
        Assert.AreEqual(new ResNetSize([2, 2, 2, 2], 64, false), ResNetSize.ResNet18);
        Assert.AreEqual(new ResNetSize([2, 2, 2, 2], 64, false).GetHashCode(), ResNetSize.ResNet18.GetHashCode());
        Assert.AreNotEqual(new ResNetSize([2, 2, 2, 1], 64, false), ResNetSize.ResNet18);
        Assert.AreEqual(new ViTOptions(), new ViTOptions { Size = ViTSize.Small });
    }

    [TestMethod]
    public void ValuesOutOfRangeAreRefused()
    {
        foreach (Func<object> create in new Func<object>[]
        {
            () => new ImageOptions { Size = 7 }, () => new ImageOptions { StoredSize = 2049 }, () => new ImageOptions { Background = 256 },
                () => new ImageOptions { MinimumCropArea = 0 },
            () => new ImageOptions { HorizontalFlip = 1.1 }, () => new ImageOptions { ColorJitter = 1 }, () => new ImageOptions { Fit = (ImageFit)9 },
            () => new ResNetOptions { TrainableStages = 5 }, () => new ResNetSize([1, 1, 0, 1], 8, false), () => new ResNetSize([1, 1, 1, 1], 2, false),
            () => new ViTSize(1, 2, 16, 2), () => new ViTOptions { LayerNormEpsilon = double.NaN }, () => new ViTOptions { TrainableLayers = -1 },
        })
            Assert.ThrowsExactly<ArgumentOutOfRangeException>(create);
        Assert.Contains("Mean must be three finite numbers", Assert.ThrowsExactly<ArgumentException>(() => new ImageOptions { Mean = [1, 2] }).Message);
        Assert.Contains("StandardDeviation must be three numbers above 0",
            Assert.ThrowsExactly<ArgumentException>(() => new ImageOptions { StandardDeviation = [1, 0, 1] }).Message);
        Assert.Contains("must be of 4 stages, found 3", Assert.ThrowsExactly<ArgumentException>(() => new ResNetSize([1, 1, 1], 8, false)).Message);
        Assert.Contains("must be a multiple of the 3 attention heads, found 16",
            Assert.ThrowsExactly<ArgumentException>(() => new ViTSize(8, 2, 16, 3)).Message);
        Assert.Contains("resnet18, resnet34, resnet50", Assert.ThrowsExactly<ArgumentException>(() => ResNetSize.FromName("resnet1")).Message);
        Assert.Contains("vit_b_32, vit_b_16", Assert.ThrowsExactly<ArgumentException>(() => ViTSize.FromName("vit")).Message);
    }

    [TestMethod]
    public void SettingsThatContradictEachOtherAreRefused()
    {
        AssertRefused("ImageOptions.StoredSize is 100; expected at least the 224 pixels of Size.", new() { StoredSize = 100 }, new ResNetOptions());
        AssertRefused("ImageOptions.Size is 100; expected a multiple of the 16 pixels", new() { Size = 100 }, new ViTOptions());
        AssertRefused("ViTOptions.TrainableLayers is 5; expected at most the size's 4 layers.", new(), new ViTOptions { TrainableLayers = 5 });

        static void AssertRefused(string message, ImageOptions images, ImageEncoderOptions encoder)
        {
            var options = new GentleClipOptions { ModalityA = Modality.Image("EA", "A", images, encoder), ModalityB = Modality.Vector("EB", "B") };
            Assert.Contains(message, Assert.ThrowsExactly<ArgumentException>(() => new MLContext().Transforms.GentleClip(options)).Message);
        }
    }
}
