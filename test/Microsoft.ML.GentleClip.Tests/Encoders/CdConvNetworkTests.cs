using Microsoft.ML.GentleClip.Encoders;
using Microsoft.ML.GentleClip.Modalities;
using Microsoft.ML.GentleClip.Weights;
using TorchSharp;
using static Microsoft.ML.GentleClip.Tests.Encoders.CdConvGolden;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Tests.Encoders;

[TestClass]
public sealed class CdConvNetworkTests
{
    private static readonly CdConvOptions Small = new()
    {
        Channels = [8, 12],
        Radii = [8, 12],
        BaseWidth = 64,
        KernelChannels = [5],
        SequentialKernelSize = 5,
        ResidueDimension = 6,
    };

    [ClassInitialize]
    public static void UseOneThread(TestContext _) => set_num_threads(1);

    [TestMethod]
    [DataRow("layer_l5", true)]
    [DataRow("layer_l5", false)]
    [DataRow("layer_l11_two_kernel_layers", true)]
    [DataRow("layer_l11_two_kernel_layers", false)]
    public void TheLayerEqualsTheReference(string name, bool isDouble)
    {
        using var scope = NewDisposeScope();
        var (type, tolerance) = isDouble ? (ScalarType.Float64, 1e-9) : (ScalarType.Float32, 2e-5);
        var golden = Root.GetProperty("layers").GetProperty(name);
        var (config, inputs, expected) = (golden.GetProperty("config"), golden.GetProperty("inputs"), golden.GetProperty("expected"));
        var (radius, size) = (config.GetProperty("r").GetDouble(), config.GetProperty("l").GetInt32());
        using var generator = new Generator(1);
        using var layer = new CdConvConvolution(
            config.GetProperty("in_channels").GetInt64(), config.GetProperty("out_channels").GetInt64(), size,
                Integers(config.GetProperty("kernel_channels")), generator);
        using (var weights = SafetensorsReader.Read(PathOf($"{name}.safetensors")))
            StateDictLoader.Load(layer, weights);
        layer.to(type);
        var nodes = CdConvNodes.Of(Chains(golden));
        var stage = new CdConvStage(CdConvEdges.Of(nodes, CdConvNeighbours.Search(nodes, radius), radius, size), null, type, CPU);
        var x = Read(inputs.GetProperty("x"), type).requires_grad_();
        var output = layer.Convolve(x, stage);
        AssertClose(Read(expected.GetProperty("output")), output, tolerance, "output", isDouble ? 1 : 0);

        (output * Read(inputs.GetProperty("G"), type)).sum().backward();
        AssertClose(Read(expected.GetProperty("grad_x")), x.grad!, tolerance, "gradient of x", 1);
        var gradients = layer.named_parameters().ToDictionary(p => p.name, p => p.parameter.grad!);
        AssertClose(Read(expected.GetProperty("grad_W")), gradients["W"], tolerance, "gradient of W", 1);
        foreach (var kind in new[] { "Ws", "bs" })
            foreach (var (m, gradient) in expected.GetProperty($"grad_{kind}").EnumerateArray().Index())
                AssertClose(Read(gradient), gradients[$"WeightNet.{kind}.{m}"], tolerance, $"gradient of {kind}.{m}", 1);
    }

    [TestMethod]
    [DataRow("net2", true)]
    [DataRow("net2", false)]
    [DataRow("net2_train", true)]
    [DataRow("net2_train", false)]
    [DataRow("net3", true)]
    [DataRow("net3", false)]
    public void TheNetworkEqualsTheReference(string name, bool isDouble)
    {
        using var scope = NewDisposeScope();
        // float32: other processors sum in another order, and small gradients are differences of large terms.
        var (type, tolerance) = isDouble ? (ScalarType.Float64, 1e-9) : (ScalarType.Float32, 1e-4);
        var golden = Root.GetProperty("networks").GetProperty(name);
        var (config, expected) = (golden.GetProperty("config"), golden.GetProperty("expected"));
        var options = OptionsOf(config);
        var training = config.GetProperty("mode").GetString() == "train";
        using var generator = new Generator(1);
        using var network = new CdConvNetwork(options, generator);
        using var weights = SafetensorsReader.Read(PathOf(golden.GetProperty("weights").GetProperty("safetensors").GetString()!));
        StateDictLoader.Load(network, weights, CdConvNetwork.IsClassifier);
        network.to(type);
        var classifier = weights.Where(w => CdConvNetwork.IsClassifier(w.Key))
            .ToDictionary(w => w.Key,
                w => w.Key.EndsWith("weight", StringComparison.Ordinal) || w.Key.EndsWith("bias", StringComparison.Ordinal)
                    ? w.Value.to(type).clone().requires_grad_() : w.Value.to(type).clone());

        var noise = training ? new NoiseSource(generator) : null;
        var batch = Batch(Chains(golden), options, type, noise);
        var blocks = network.Blocks(batch, noise).ToArray();
        var floor = isDouble ? 1 : 0;
        AssertClose(Read(expected.GetProperty("embedding")), blocks[0], tolerance, "embedding", floor);
        for (var b = 1; b < blocks.Length; b++)
            AssertClose(Read(expected.GetProperty($"block_{b - 1}")), blocks[b], tolerance, $"block {b - 1}", floor);
        Assert.HasCount(2 * options.Channels.Count + 1, blocks);
        var features = batch.Readout.Of(blocks[^1]);
        AssertClose(Read(expected.GetProperty("global_mean_pool")), features, tolerance, "features", floor);
        var logits = Classify(features, classifier, training);
        AssertClose(Read(expected.GetProperty("logits")), logits, tolerance, "logits", floor);

        (logits * Read(golden.GetProperty("inputs").GetProperty("G_for_logits"), type)).sum().backward();
        using var gradients = SafetensorsReader.Read(PathOf(expected.GetProperty("gradient_file_of_sum_logits_times_G").GetString()!));
        var compared = 0;
        foreach (var (parameter, value) in network.named_parameters())
        {
            AssertClose(gradients[parameter], value.grad!, tolerance, $"gradient of {parameter}", 1);
            compared++;
        }
        Assert.AreEqual(gradients.Keys.Count(key => !CdConvNetwork.IsClassifier(key)), compared);
        var buffers = network.named_buffers().ToDictionary(b => b.name, b => b.buffer);
        var updated = 0;
        foreach (var buffer in expected.GetProperty("updated_buffers").EnumerateObject().Where(b => !CdConvNetwork.IsClassifier(b.Name)))
        {
            AssertClose(Read(buffer.Value), buffers[buffer.Name], tolerance, buffer.Name, 1);
            updated++;
        }
        Assert.AreEqual(training ? buffers.Count : 0, updated);
    }

    [TestMethod]
    [DataRow(CdConvInput.ResidueTypes)]
    [DataRow(CdConvInput.LocalGeometry)]
    public void RigidMotionLeavesTheFeaturesAndAMirrorDoesNot(CdConvInput input)
    {
        using var scope = NewDisposeScope();
        using var network = Create(Small with { Input = input });
        var chain = ChainOf("B");
        network.to(ScalarType.Float64);
        using var gradient = no_grad();
        var features = Encode(network, [chain], noise: null);
        // Rotated coordinates are rounded to float32: some 1e-6 angstrom.
        AssertClose(features, Encode(network, [CdConvChains.Moved(chain, 0.3, -1.2, 2.5, 10, -20, 5)], noise: null), 1e-5, "moved");
        var mirrored = chain.Coordinates.ToArray();
        for (var i = 0; i < mirrored.Length; i += 3)
            mirrored[i] = -mirrored[i];
        var difference = (features - Encode(network, [new Chain(mirrored, chain.Residues)], noise: null)).abs().max().item<double>();
        Assert.IsGreaterThan(1e-3, difference, "mirrored");
    }

    [TestMethod]
    public void WithTheStructureInputTheFeaturesFollowARotationAndNotAShift()
    {
        using var scope = NewDisposeScope();
        using var network = Create(Small with { Input = CdConvInput.Steps });
        var chain = ChainOf("B");
        network.to(ScalarType.Float64);
        using var gradient = no_grad();
        var features = Encode(network, [chain], noise: null);
        AssertClose(features, Encode(network, [CdConvChains.Moved(chain, 0, 0, 0, 10, -20, 5)], noise: null), 1e-5, "shifted");
        AssertClose(features, Encode(network, [new Chain(chain.Coordinates)], noise: null), 1e-12, "without the sequence");
        var difference = (features - Encode(network, [CdConvChains.Moved(chain, 0.3, -1.2, 2.5, 0, 0, 0)], noise: null)).abs().max().item<double>();
        Assert.IsGreaterThan(1e-2, difference, "rotated");
    }

    [TestMethod]
    [DataRow(CdConvInput.ResidueTypes)]
    [DataRow(CdConvInput.LocalGeometry)]
    [DataRow(CdConvInput.Steps)]
    public void ABatchOfNIsNBatchesOfOne(CdConvInput input)
    {
        using var scope = NewDisposeScope();
        using var network = Create(Small with { Channels = [8, 12, 16], Radii = [8, 12, 16], Input = input });
        using var gradient = no_grad();
        Chain[] chains = [.. new[] { 40, 1, 2, 3, 7, 120, 300, 1 }.Select((length, i) => CdConvChains.Random(new Random(i), length))];
        var whole = Encode(network, chains, noise: null);
        for (var i = 0; i < 5; i++)
            AssertClose(whole, Encode(network, chains, noise: null), 0, "again");
        Assert.IsTrue(whole.isfinite().all().item<bool>());
        for (var i = 0; i < chains.Length; i++)
            AssertClose(Encode(network, [chains[i]], noise: null), whole[i].unsqueeze(0), 1e-5, $"chain of {chains[i].Length}");
    }

    [TestMethod]
    public void ThePublicCodesPoolingLosesShortChains()
    {
        using var scope = NewDisposeScope();
        using var gradient = no_grad();
        Chain[] chains = [CdConvChains.Random(new Random(1), 2), CdConvChains.Random(new Random(2), 30)];
        using var sound = Create(Small);
        using var publicCode = Create(Small with { Pooling = CdConvPooling.AsPublished });
        Assert.IsGreaterThan(1e-3, Encode(sound, chains, noise: null)[0].abs().max().item<float>());
        Assert.AreEqual(0, Encode(publicCode, chains, noise: null)[0].abs().max().item<float>());
        AssertClose(Encode(sound, [chains[1]], noise: null), Encode(publicCode, [chains[1]], noise: null), 0, "alone");
    }

    [TestMethod]
    public void UnknownSequencesAreX()
    {
        using var scope = NewDisposeScope();
        using var gradient = no_grad();
        using var network = Create(Small);
        var chain = ChainOf("S23");
        var unknown = Enumerable.Repeat(Chain.CodeOf('X'), chain.Length).ToArray();
        var features = Encode(network, [new Chain(chain.Coordinates)], noise: null);
        AssertClose(Encode(network, [new Chain(chain.Coordinates, unknown)], noise: null), features, 0, "X");
        Assert.IsGreaterThan(1e-3, (features - Encode(network, [chain], noise: null)).abs().max().item<float>());
    }

    [TestMethod]
    public void GradientsEqualDifferences()
    {
        using var scope = NewDisposeScope();
        using var network = Create(Small with { KernelChannels = [4, 3] });
        network.to(ScalarType.Float64);
        Chain[] chains = [CdConvChains.Random(new Random(3), 20), CdConvChains.Random(new Random(4), 2)];
        using var generator = new Generator(9);
        var direction = randn([2, 12], dtype: ScalarType.Float64, generator: generator);
        double Value() => (Encode(network, chains, noise: null) * direction).sum().item<double>();
        using (no_grad())
            foreach (var (_, bias) in network.named_parameters().Where(p => p.name.Contains(".bs.")))
                bias.add_(randn(bias.shape, dtype: ScalarType.Float64, generator: generator), 0.1); // an edge without features sits on the activation's kink
        (Encode(network, chains, noise: null) * direction).sum().backward();
        const double Step = 1e-6;
        foreach (var (name, parameter) in network.named_parameters())
        {
            using var step = NewDisposeScope();
            using var gradient = no_grad();
            var along = randn(parameter.shape, dtype: ScalarType.Float64, generator: generator);
            parameter.add_(along, Step);
            var above = Value();
            parameter.add_(along, -2 * Step);
            var below = Value();
            parameter.add_(along, Step);
            var expected = (along * parameter.grad!).sum().item<double>();
            Assert.AreEqual(expected, (above - below) / (2 * Step), 1e-5 * Math.Max(1, Math.Abs(expected)), name);
        }
    }

    [TestMethod]
    public void TheSameSeedGivesTheSameWeightsAndNoise()
    {
        using var scope = NewDisposeScope();
        var chains = Enumerable.Range(0, 5).Select(i => CdConvChains.Random(new Random(i), 30 + 20 * i)).ToArray();
        var options = Small with { Input = CdConvInput.Steps, MaximumLength = 50 };
        var runs = new List<Tensor>();
        foreach (var seed in new ulong[] { 4, 4, 5 })
        {
            using var generator = new Generator(seed);
            var network = new CdConvEncoder(options, generator);
            runs.Add(Encode(network, chains, new NoiseSource(generator)));
            runs.Add(Encode(network, chains, noise: null));
            network.Dispose();
        }
        AssertClose(runs[0], runs[2], 0, "training");
        AssertClose(runs[1], runs[3], 0, "inference");
        Assert.IsGreaterThan(1e-3, (runs[1] - runs[5]).abs().max().item<float>(), "another seed");
    }

    [TestMethod]
    public void NoiseCropsChainsAndMovesCoordinates()
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(2);
        var chain = CdConvChains.Random(new Random(1), 90);
        var noise = new NoiseSource(generator);
        var options = Small with { MaximumLength = 31, CoordinateNoise = 0 };
        var starts = new HashSet<int>();
        for (var i = 0; i < 50; i++)
        {
            var codes = Batch([chain], options, ScalarType.Float32, noise).Input.data<long>().ToArray();
            Assert.HasCount(31, codes);
            var start = Enumerable.Range(0, 60).Single(s => codes.Select(code => (byte)code).SequenceEqual(chain.Residues!.Value[s..(s + 31)].ToArray()));
            starts.Add(start);
        }
        Assert.IsGreaterThan(20, starts.Count, "different windows");
        Assert.AreEqual(90, Batch([chain], options, ScalarType.Float32).Input.size(0), "inference sees the whole chain");

        var structure = Small with { Input = CdConvInput.Steps, CoordinateNoise = 0.05 };
        var moved = Batch([CdConvChains.Random(new Random(2), 400)], structure, ScalarType.Float64, noise).Input;
        var still = Batch([CdConvChains.Random(new Random(2), 400)], structure, ScalarType.Float64).Input;
        // A difference of two noises of 0.05.
        Assert.AreEqual(0.05 * Math.Sqrt(2), (moved - still).narrow(0, 1, 398).std().item<double>(), 0.005);
    }

    [TestMethod]
    public void ABatchThatIsPreparedAheadGivesTheSameBits()
    {
        using var scope = NewDisposeScope();
        using var weights = new Generator(2);
        using var encoder = new CdConvEncoder(Small with { Dropout = 0.1, MaximumLength = 20, CoordinateNoise = 0.1 }, weights);
        var batch = new StructureBatch([.. Enumerable.Range(0, 6).Select(i => CdConvChains.Random(new Random(i), 15 + 3 * i))]);
        var other = new StructureBatch([CdConvChains.Random(new Random(9), 40)]);
        Assert.IsInstanceOfType<PreparedStructures>(encoder.Prepare(batch, new NoiseSource(weights))(), "the search");
        var (ahead, atOnce) = (Encode(isAhead: true), Encode(isAhead: false));
        AssertClose(atOnce, ahead, 0, "prepared ahead");
        AssertClose(encoder.Encode(other, noise: null), encoder.Encode(encoder.Prepare(other, noise: null)(), noise: null), 0, "inference");

        Tensor Encode(bool isAhead)
        {
            using var generator = new Generator(9);
            var noise = new NoiseSource(generator);
            return encoder.Encode(isAhead ? encoder.Prepare(batch, noise)() : batch, noise);
        }
    }

    [TestMethod]
    public void TrainingLeavesNoTensorsAndLearns()
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(2);
        using var network = new CdConvEncoder(Small with { Dropout = 0.1 }, generator);
        using var optimizer = optim.Adam(network.parameters(), lr: 3e-3);
        Chain[] chains = [.. Enumerable.Range(0, 8).Select(i => CdConvChains.Random(new Random(i), 20 + i))];
        var noise = new NoiseSource(generator);
        var target = randn([8, 12], generator: generator);
        var (losses, live) = (new List<float>(), new List<long>());
        LiveTensors.Settled();
        for (var i = 0; i < 40; i++)
        {
            using var step = NewDisposeScope();
            optimizer.zero_grad();
            var loss = (Encode(network, chains, noise) - target).square().mean();
            loss.backward();
            optimizer.step();
            losses.Add(loss.item<float>());
            step.Dispose();
            live.Add(Tensor.TotalCount);
        }
        LiveTensors.AssertNeverMore(live[5..]);
        Assert.IsLessThan(0.8 * losses[0], losses[^1], string.Join(' ', losses));
        using var one = NewDisposeScope();
        Encode(network, [CdConvChains.Random(new Random(1), 1)], noise).sum().backward();
        Assert.IsTrue(network.parameters().All(p => p.grad is null || p.grad.isfinite().all().item<bool>()), "a batch of one residue");
    }

    [TestMethod]
    public void MeasuredWeightsAreThoseBuilt()
    {
        using var scope = NewDisposeScope();
        foreach (var options in new[] { new CdConvOptions(), Small, Small with { Input = CdConvInput.Steps, KernelChannels = [3, 4, 5] },
            Small with { Channels = [12, 12] }, Small with { Input = CdConvInput.LocalGeometry } })
        {
            using var network = Create(options);
            Assert.AreEqual((network.state_dict().Values.Sum(tensor => tensor.numel()), network.FeatureDimension), CdConvNetwork.Measure(options));
        }
        Assert.AreEqual(2048, CdConvNetwork.Measure(CdConvOptions.Published).FeatureDimension);
    }

    private static CdConvEncoder Create(CdConvOptions options)
    {
        using var generator = new Generator(11);
        return new CdConvEncoder(options, generator);
    }

    private static Tensor Encode(CdConvEncoder encoder, Chain[] chains, NoiseSource? noise) => encoder.Encode(new StructureBatch(chains), noise);

    private static CdConvBatch Batch(Chain[] chains, CdConvOptions options, ScalarType type, NoiseSource? noise = null)
    {
        var (graph, edges) = new CdConvWork(chains, options, noise).Run();
        return new CdConvBatch(graph, edges, options, type, CPU);
    }

    // The public classifier; its weights belong to the task, not to the encoder.
    private static Tensor Classify(Tensor x, Dictionary<string, Tensor> w, bool training)
    {
        Tensor Normalize(Tensor values, int layer) => nn.functional.batch_norm(
            values, w[$"classifier.module.{layer}.running_mean"], w[$"classifier.module.{layer}.running_var"], w[$"classifier.module.{layer}.weight"],
                w[$"classifier.module.{layer}.bias"], training, 0.2, 1e-5);
        Tensor Map(Tensor values, int layer) => nn.functional.linear(values, w[$"classifier.module.{layer}.weight"], w[$"classifier.module.{layer}.bias"]);
        x = Map(nn.functional.leaky_relu(Normalize(x, 0), 0.2), 3);
        return Map(nn.functional.leaky_relu(Normalize(x, 4), 0.2), 6);
    }
}
