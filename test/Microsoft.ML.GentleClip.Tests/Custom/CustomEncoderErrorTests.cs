using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Tests.Custom;

/// <summary>What a user gets wrong is said with the encoder's key, the column, what was expected and what was found.</summary>
[TestClass]
public sealed class CustomEncoderErrorTests
{
    [TestMethod]
    [DataRow("rank", "The encoder 'tests.faulty' of column 'A' gave features [2, 12, 1] for 2 rows; expected [2, width].")]
    [DataRow("rows", "gave features [1, 12] for 2 rows; expected [2, width].")]
    [DataRow("type", "gave features of Float64; expected Float32.")]
    [DataRow("throws", "The encoder 'tests.faulty' of column 'A' failed on a batch of 2 rows: no luck")]
    [DataRow("constructor", "The encoder 'tests.faulty' of column 'A' could not build its network: bad width")]
    [DataRow("null", "built no network: CreateNetwork gave null.")]
    [DataRow("nan", "gave features that are NaN or infinite; expected finite numbers.")]
    [DataRow("varying", "gave features [64, 11] for 64 rows; expected [64, 12].")]
    [DataRow("unregistered",
        "has a network whose field 'layer' of Faulty is not registered, so that it would be neither trained nor saved; call RegisterComponents()")]
    [DataRow("list", "has a network whose field 'layers' of Faulty is not registered")]
    [DataRow("dictionary", "has a network whose field 'named' of Faulty is not registered")]
    [DataRow("array", "has a network whose field 'constants' of Faulty is not registered")]
    [DataRow("disposed", "failed on a batch of 64 rows: a tensor that it uses was disposed.")]
    public void AFaultyNetworkIsNamed(string fault, string expected)
    {
        var options = CustomTraining.Options(4, a: new FaultyOptions { Fault = fault });
        var exception = Assert.ThrowsExactly<InvalidOperationException>(() => CustomTraining.Fit(options));
        Assert.Contains(expected, exception.Message);
    }

    [TestMethod]
    [DataRow("shared")]
    [DataRow("sharedWeight")]
    public void TowersShareNothing(string fault)
    {
        var options = CustomTraining.Options(2, a: new FaultyOptions { Fault = fault }, b: new FaultyOptions { Fault = fault });
        Assert.Contains("The encoder 'tests.faulty' of column 'B' built a network that is in use, or shares a layer or parameter with one",
            Assert.ThrowsExactly<InvalidOperationException>(() => CustomTraining.Fit(options)).Message);
    }

    [TestMethod]
    public void SettingsThatHoldANetworkAreNoPlainData()
    {
        var settings = new LazyOptions(new Lazy<nn.Module<Tensor, Tensor>>(() => nn.Linear(12, 4)));
        Assert.Contains("'tests.lazy' c", Assert.ThrowsExactly<ArgumentException>(() => CustomTraining.Fit(CustomTraining.Options(2, a: settings))).Message);
    }

    [TestMethod]
    public void SettingsThatWouldNotComeBackAreRefusedBeforeTraining()
    {
        Refused(new NoKeyOptions(), "NoKeyOptions has no key to be saved under; put [EncoderKey(\"yourname.nokeyoptions\")] on it");
        Refused(new BadKeyOptions(), "The key 'a b' of BadKeyOptions cannot be used; expected 1 to 64 letters");
        Refused(new ForgetfulOptions(7), "The settings of encoder 'tests.forgetful' c");

        static void Refused(CustomVectorEncoderOptions settings, string expected) => Assert.Contains(expected,
            Assert.ThrowsExactly<ArgumentException>(() => new MLContext(1).Transforms.GentleClip(CustomTraining.Options(1, a: settings))).Message);
    }

    [EncoderKey("tests.faulty")]
    public sealed record FaultyOptions : CustomVectorEncoderOptions
    {
        private static nn.Module<Tensor, Tensor>? _one;
        private static Parameter? _weight;

        public string Fault { get; init; } = "";

        public override nn.Module<Tensor, Tensor> CreateNetwork(int inputDimension) => Fault switch
        {
            "null" => null!,
            "constructor" => throw new ArgumentException("bad width"),
            "shared" => _one ??= new Faulty(Fault),
            "sharedWeight" => new Faulty(Fault, _weight ??= nn.Parameter(ones(1))),
            _ => new Faulty(Fault),
        };
    }

    private sealed class Faulty : nn.Module<Tensor, Tensor>
    {
        private readonly string _fault;
        private readonly Parameter weight;
        private readonly Linear? layer;
        private readonly List<Linear>? layers;
        private readonly Dictionary<string, Linear>? named;
        private readonly Tensor?[]? constants;

        public Faulty(string fault, Parameter? given = null) : base(nameof(Faulty))
        {
            _fault = fault;
            weight = given ?? nn.Parameter(ones(1));
            if (fault == "list")
                layers = [nn.Linear(12, 12)];
            if (fault == "dictionary")
                named = new() { ["a"] = nn.Linear(12, 12) };
            if (fault == "array")
                constants = [null, ones(12)];
            RegisterComponents();
            if (fault == "unregistered")
                layer = nn.Linear(12, 12);
        }

        public override Tensor forward(Tensor input) => (_fault, training) switch
        {
            ("rank", _) => (input * weight).unsqueeze(2),
            ("rows", _) => (input * weight).narrow(0, 0, 1),
            ("type", _) => (input * weight).to(ScalarType.Float64),
            ("throws", _) => throw new NotSupportedException("no luck"),
            ("nan", true) => (input * weight).log(),
            ("varying", true) => (input * weight).narrow(1, 0, 11),
            ("disposed", true) => Disposed(input),
            _ => layers?[0].call(input) ?? layer?.call(input) ?? named?["a"].call(input) ?? (constants is null ? input : input * constants[1]!) * weight,
        };

        private Tensor Disposed(Tensor input)
        {
            weight.Dispose();
            return input * weight;
        }
    }

    [EncoderKey("tests.lazy")]
    public sealed record LazyOptions(Lazy<nn.Module<Tensor, Tensor>> Network) : CustomVectorEncoderOptions
    {
        public override nn.Module<Tensor, Tensor> CreateNetwork(int inputDimension) => Network.Value;
    }

    public sealed record NoKeyOptions : CustomVectorEncoderOptions
    {
        public override nn.Module<Tensor, Tensor> CreateNetwork(int inputDimension) => nn.Linear(inputDimension, 4);
    }

    [EncoderKey("a b")]
    public sealed record BadKeyOptions : CustomVectorEncoderOptions
    {
        public override nn.Module<Tensor, Tensor> CreateNetwork(int inputDimension) => nn.Linear(inputDimension, 4);
    }

    [EncoderKey("tests.forgetful")]
    public sealed record ForgetfulOptions : CustomVectorEncoderOptions
    {
        public ForgetfulOptions()
        {
        }

        public ForgetfulOptions(int width) => Width = width;

        public int Width { get; } = 3;

        public override nn.Module<Tensor, Tensor> CreateNetwork(int inputDimension) => nn.Linear(inputDimension, Width);
    }

    [TestMethod]
    public void TheOnnxExportSaysThatItCannotWriteIt()
    {
        using var folder = new Runtime.TemporaryFolder();
        var mlContext = new MLContext(1);
        using var model = mlContext.Transforms.GentleClip(CustomTraining.Options(2)).Fit(CustomTraining.Rows);
        var error = Assert.ThrowsExactly<NotSupportedException>(() => mlContext.Model.ConvertGentleClipToOnnx(model, folder.File("tower.onnx"), "EmbeddingA"));
        Assert.Contains("The encoder of column 'A' cannot be exported: ", error.Message);
        Assert.Contains("is a network of your own, whose graph cannot be written as ONNX", error.Message);
        Assert.IsFalse(File.Exists(folder.File("tower.onnx")));
    }
}
