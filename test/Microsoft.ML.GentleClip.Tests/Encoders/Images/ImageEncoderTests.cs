using Microsoft.ML.GentleClip.Encoders;
using Microsoft.ML.GentleClip.Modalities;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Tests.Encoders;

[TestClass]
public sealed class ImageEncoderTests
{
    private static readonly ImageOptions Plain = new() { Size = 32, StoredSize = 36, MinimumCropArea = 1, HorizontalFlip = 0, ColorJitter = 0 };
    private static readonly ViTOptions SmallViT = new() { Size = new(8, 2, 16, 2) };
    private static readonly ResNetOptions SmallResNet = new() { Size = new([1, 1, 1, 1], 4, bottleneck: true) };

    public ImageEncoderTests() => set_num_threads(1);

    public static IEnumerable<object[]> Networks => [[SmallResNet], [SmallViT]];

    [TestMethod]
    public void InferenceTakesTheMiddleAndNormalises()
    {
        using var scope = NewDisposeScope();
        var squares = Squares(2, 36);
        var prepared = ImageAugmentation.Prepare(squares, Plain with { Mean = [0.1, 0.2, 0.3], StandardDeviation = [0.5, 1, 2] },
            ScalarType.Float64, noise: null);
        CollectionAssert.AreEqual(new long[] { 2, 3, 32, 32 }, prepared.shape);
        foreach (var (channel, mean, deviation) in new[] { (0, 0.1, 0.5), (1, 0.2, 1), (2, 0.3, 2) })
            Assert.AreEqual((squares[1, channel, 2 + 5, 2 + 7].item<byte>() / 255.0 - mean) / deviation, prepared[1, channel, 5, 7].item<double>(), 1e-12);
    }

    [TestMethod]
    public void WithoutVariationTrainingShowsTheWholeSquare()
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(3);
        var options = Plain with { StoredSize = 32 };
        var squares = Squares(3, 32);
        ImageGolden.AssertClose(ImageAugmentation.Prepare(squares, options, ScalarType.Float32, noise: null),
            ImageAugmentation.Prepare(squares, options, ScalarType.Float32, new NoiseSource(generator)), 1e-4);
        var mirrored = ImageAugmentation.Prepare(squares, options with { HorizontalFlip = 1 }, ScalarType.Float32, new NoiseSource(generator));
        ImageGolden.AssertClose(ImageAugmentation.Prepare(squares, options, ScalarType.Float32, noise: null).flip(3), mirrored, 1e-4);
    }

    [TestMethod]
    public void CutsLieWithinTheSquareAndAreAsLargeAsAsked()
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(3);
        // A ramp from 0 to 252 in both directions: a cut's first and last values tell where it was.
        var ramp = Scalars(36).mul(7);
        var squares = stack([ramp.unsqueeze(0).expand(36, 36), ramp.unsqueeze(1).expand(36, 36), zeros_like(ramp).unsqueeze(0).expand(36, 36)]).unsqueeze(0)
            .expand(400, -1, -1, -1).to(ScalarType.Byte);
        var options = Plain with { MinimumCropArea = 0.25, Mean = [0, 0, 0], StandardDeviation = [1, 1, 1] };
        var cut = ImageAugmentation.Prepare(squares, options, ScalarType.Float32, new NoiseSource(generator)).mul(255);
        Assert.IsTrue(cut.ge(-0.01).logical_and(cut.le(252.01)).all().item<bool>());
        var width = (cut[.., 0, 16, 31] - cut[.., 0, 16, 0]).div(7).mul(32.0 / 31).div(36);
        var height = (cut[.., 1, 31, 16] - cut[.., 1, 0, 16]).div(7).mul(32.0 / 31).div(36);
        var (area, shape) = ((width * height).data<float>().ToArray(), (width / height).data<float>().ToArray());
        Assert.IsTrue(area.All(a => a is > 0.22f and < 1.02f), $"areas from {area.Min()} to {area.Max()}");
        Assert.IsTrue(shape.All(s => s is > 0.7f and < 1.42f), $"shapes from {shape.Min()} to {shape.Max()}");
        Assert.IsGreaterThan(0.2, area.Max() - area.Min());
        Assert.IsGreaterThan(40, cut[.., 0, 16, 0].max().item<float>() - cut[.., 0, 16, 0].min().item<float>(), "places differ");
    }

    [TestMethod]
    public void JitterChangesBrightnessContrastAndSaturationOnly()
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(3);
        var grey = full([50, 3, 32, 32], 100, dtype: ScalarType.Byte);
        var options = Plain with { StoredSize = 32, ColorJitter = 0.3, Mean = [0, 0, 0], StandardDeviation = [1, 1, 1] };
        var varied = ImageAugmentation.Prepare(grey, options, ScalarType.Float32, new NoiseSource(generator)).mul(255);
        Assert.IsLessThan(1e-2, (varied - varied[.., 0..1, 0..1, 0..1]).abs().max().item<float>(), "a grey area has neither contrast nor colour");
        var brightness = varied[.., 0, 0, 0].data<float>().ToArray();
        Assert.IsTrue(brightness.All(value => value is >= 69.9f and <= 130.1f));
        Assert.IsGreaterThan(20, brightness.Max() - brightness.Min());
    }

    [TestMethod]
    [DynamicData(nameof(Networks))]
    public void NPicturesAreNTimesOne(ImageEncoderOptions network)
    {
        using var scope = NewDisposeScope();
        using var inference = inference_mode();
        using var encoder = Encoder(network);
        var squares = Squares(5, 36);
        var together = encoder.Encode(new ImageBatch(squares), noise: null);
        CollectionAssert.AreEqual(new long[] { 5, encoder.FeatureDimension }, together.shape);
        for (var i = 0; i < 5; i++)
            ImageGolden.AssertClose(together[i..(i + 1)], encoder.Encode(new ImageBatch(squares[i..(i + 1)]), noise: null), 2e-6, $"{i}", relative: true);
    }

    [TestMethod]
    public void ManyPicturesAreEncodedInParts()
    {
        using var scope = NewDisposeScope();
        using var inference = inference_mode();
        using var encoder = Encoder(SmallViT, Plain with { Size = 8, StoredSize = 8 });
        var squares = Squares(1, 8).expand(30_000, -1, -1, -1); // 25,088 make a part
        var features = encoder.Encode(new ImageBatch(squares), noise: null);
        Assert.AreEqual(30_000, features.size(0));
        ImageGolden.AssertClose(features[0..1].expand(30_000, -1), features, 1e-5);
    }

    [TestMethod]
    [DynamicData(nameof(Networks))]
    public void TheSameGeneratorGivesTheSameViewsAndTheProcessesOwnIsNotTouched(ImageEncoderOptions network)
    {
        using var scope = NewDisposeScope();
        using var encoder = Encoder(network, Plain with { MinimumCropArea = 0.3, HorizontalFlip = 0.5, ColorJitter = 0.4 });
        using var other = Encoder(network, Plain with { MinimumCropArea = 0.3, HorizontalFlip = 0.5, ColorJitter = 0.4 });
        var squares = Squares(4, 36);
        manual_seed(5);
        var expected = rand(3);
        manual_seed(5);
        using var generator = new Generator(9);
        using var again = new Generator(9);
        var first = encoder.Encode(new ImageBatch(squares), new NoiseSource(generator));
        var second = encoder.Encode(new ImageBatch(squares), new NoiseSource(generator));
        ImageGolden.AssertClose(first, other.Encode(new ImageBatch(squares), new NoiseSource(again)), 0);
        Assert.IsGreaterThan(1e-4, (first - second).abs().max().item<float>(), "another view each time");
        ImageGolden.AssertClose(expected, rand(3), 0);
    }

    [TestMethod]
    public void AFrozenEncoderSeesNoVariation()
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(9);
        foreach (var network in new ImageEncoderOptions[] { SmallResNet with { TrainableStages = 0 }, SmallViT with { TrainableLayers = 0 } })
        {
            using var encoder = Encoder(network, new ImageOptions { Size = 32 });
            Assert.IsTrue(encoder.IsFrozen);
            var squares = Squares(4, 36);
            ImageGolden.AssertClose(encoder.Encode(new ImageBatch(squares), noise: null),
                encoder.Encode(new ImageBatch(squares), new NoiseSource(generator)), 0);
        }
    }

    [TestMethod]
    [DynamicData(nameof(Networks))]
    public void MeasuresWhatItBuilds(ImageEncoderOptions network)
    {
        var modality = Modality.Image("E", "A", Plain, network);
        using var encoder = Encoder(network);
        Assert.AreEqual((encoder.state_dict().Values.Sum(value => value.numel()), encoder.FeatureDimension), EncoderKinds.Of(modality).Measure(modality, 0));
    }

    [TestMethod]
    [DynamicData(nameof(Networks))]
    public void StepsLeaveNoTensors(ImageEncoderOptions network)
    {
        using var generator = new Generator(6);
        var noise = new NoiseSource(generator);
        using var encoder = Encoder(network, Plain with { MinimumCropArea = 0.3, HorizontalFlip = 0.5, ColorJitter = 0.4 });
        using var squares = Squares(3, 36);
        long before = 0;
        for (var i = 0; i < 5; i++)
        {
            if (i == 1)
                before = LiveTensors.Settled();
            using (var scope = NewDisposeScope())
            {
                encoder.Encode(new ImageBatch(squares), noise).square().sum().backward();
                encoder.zero_grad();
            }
            using (var inference = inference_mode())
            using (var scope = NewDisposeScope())
                encoder.Encode(new ImageBatch(squares), noise: null);
        }
        LiveTensors.AssertAtMost(before);
    }

    private static Tensor Scalars(int count) => arange(count, dtype: ScalarType.Float32);

    private static Tensor Squares(int count, int side)
    {
        using var generator = new Generator(2);
        return randint(0, 256, [count, 3, side, side], dtype: ScalarType.Byte, generator: generator);
    }

    private static ImageEncoder Encoder(ImageEncoderOptions network, ImageOptions? images = null)
    {
        using var generator = new Generator(1);
        var modality = Modality.Image("E", "A", images ?? Plain, network);
        return (ImageEncoder)EncoderKinds.Of(modality).Create(modality, 0, generator);
    }
}
