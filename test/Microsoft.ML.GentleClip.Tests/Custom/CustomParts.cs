using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Tests.Custom;

/// <summary>A network as a user would write it, with layers of TorchSharp, their dropout and normalisation.</summary>
[EncoderKey("tests.gated")]
public sealed record GatedOptions : CustomVectorEncoderOptions
{
    private int _width = 32;

    public int Width
    {
        get => _width;
        init => _width = value is >= 1 and <= 4096 ? value : throw new ArgumentOutOfRangeException(nameof(Width), value, "Width must be from 1 to 4096.");
    }

    public double Dropout { get; init; } = 0.1;

    public override nn.Module<Tensor, Tensor> CreateNetwork(int inputDimension) => new GatedNetwork(inputDimension, Width, Dropout);
}

public sealed class GatedNetwork : nn.Module<Tensor, Tensor>
{
    private readonly Linear value;
    private readonly Linear gate;
    private readonly BatchNorm1d norm;
    private readonly Dropout dropout;

    public GatedNetwork(int inputDimension, int width, double share) : base(nameof(GatedNetwork))
    {
        value = nn.Linear(inputDimension, width);
        gate = nn.Linear(inputDimension, width);
        norm = nn.BatchNorm1d(width);
        dropout = nn.Dropout(share);
        RegisterComponents();
    }

    public override Tensor forward(Tensor input) => dropout.call(norm.call(value.call(input) * gate.call(input).sigmoid()));
}

/// <summary>Settings named like the library's own, and one that leads from settings to settings for ever.</summary>
[EncoderKey("tests.wandering")]
public sealed record WanderingOptions : CustomVectorEncoderOptions
{
    public int Seed { get; init; }

    [System.Text.Json.Serialization.JsonIgnore]
    public WanderingOptions Next => this with { Seed = Seed + 1 };

    public override nn.Module<Tensor, Tensor> CreateNetwork(int inputDimension) => new GatedNetwork(inputDimension, 8, 0);
}

/// <summary>The mean of the tokens' vectors; noise by the library's source.</summary>
[EncoderKey("tests.tokens")]
public sealed record TokenMeanOptions(int Width = 16) : CustomTextEncoderOptions
{
    public override nn.Module<Tensor, Tensor, Tensor> CreateNetwork(int vocabularySize) => new TokenMean(vocabularySize, Width);

    private sealed class TokenMean : nn.Module<Tensor, Tensor, Tensor>
    {
        private readonly Embedding table;

        public TokenMean(int vocabularySize, int width) : base(nameof(TokenMean))
        {
            table = nn.Embedding(vocabularySize, width);
            RegisterComponents();
        }

        public override Tensor forward(Tensor tokens, Tensor mask)
        {
            var known = mask.unsqueeze(2).to(ScalarType.Float32);
            return (EncoderNoise.Dropout(table.call(tokens), 0.2) * known).sum(dim: 1) / known.sum(dim: 1);
        }
    }
}

/// <summary>A stack of layers without a class of its own.</summary>
[EncoderKey("tests.stack")]
public sealed record StackOptions : CustomImageEncoderOptions
{
    public int Channels { get; init; } = 4;

    public override nn.Module<Tensor, Tensor> CreateNetwork(int size) => nn.Sequential(
        ("conv", nn.Conv2d(3, Channels, 3, stride: 2, padding: 1)), ("act", nn.ReLU()), ("pool", nn.AdaptiveAvgPool2d(2)), ("flat", nn.Flatten()));
}

/// <summary>How far the embeddings of pairs are apart; for pairs alone.</summary>
public sealed record PairDistance : Objective
{
    public PairDistance() : base("pair-distance")
    {
    }

    public override Tensor Compute(ObjectiveBatch batch) => (batch.PairedA - batch.PairedB).pow(2).sum(dim: 1).mean();
}

/// <summary>A function given by the test.</summary>
public sealed record Given : Objective
{
    private readonly Func<ObjectiveBatch, Tensor> _compute;

    public Given(string name, Func<ObjectiveBatch, Tensor> compute, bool unpaired = true, bool views = false) : base(name) =>
        (_compute, Needs) = (compute, new() { UnpairedSamples = unpaired, SecondViews = views });

    public double Margin { get; init; } = 1;

    public override ObjectiveNeeds Needs { get; }

    public override Tensor Compute(ObjectiveBatch batch) => _compute(batch);
}

/// <summary>Trainings of seconds with such parts.</summary>
internal static class CustomTraining
{
    public static GentleClipOptions Options(int steps = 40, CustomVectorEncoderOptions? a = null, CustomVectorEncoderOptions? b = null)
    {
        var options = TwoViews.Options(steps);
        options.ModalityA = Modality.Vector("EmbeddingA", "A", a ?? new GatedOptions());
        options.ModalityB = Modality.Vector("EmbeddingB", "B", b ?? new GatedOptions { Width = 24 });
        options.PairedColumnName = "IsPaired";
        options.Seed = 3;
        return options;
    }

    public static IDataView Rows { get; } = new MLContext(1).Data.LoadFromEnumerable(TwoViews.Mixed(40, 60, 50));

    public static byte[] Fit(GentleClipOptions options, GentleClipTransformer? initial = null)
    {
        using var model = new MLContext(3).Transforms.GentleClip(options).Fit(Rows, validation: null, initial);
        return Save(model);
    }

    public static byte[] Save(ITransformer model)
    {
        using var file = new MemoryStream();
        new MLContext().Model.Save(model, null, file);
        return file.ToArray();
    }

    /// <summary>The entries' content without the zip's times.</summary>
    public static byte[] Content(byte[] saved)
    {
        using var zip = new System.IO.Compression.ZipArchive(new MemoryStream(saved));
        using var content = new MemoryStream();
        foreach (var entry in zip.Entries.Where(entry => entry.Name is "model.json" or "weights.safetensors").OrderBy(entry => entry.Name))
        {
            using var stream = entry.Open();
            stream.CopyTo(content);
        }
        Assert.IsGreaterThan(1000, content.Length);
        return content.ToArray();
    }

    public static MLContext Registered()
    {
        var mlContext = new MLContext();
        mlContext.ComponentCatalog.RegisterAssembly(typeof(GatedOptions).Assembly);
        return mlContext;
    }
}
