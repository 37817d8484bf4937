using Microsoft.ML.GentleClip.Modalities;
using Microsoft.ML.GentleClip.Runtime;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>
/// The weighted sum of hashed n-grams' vectors, then per layer a linear map, GELU and dropout. See <see cref="TextNGramOptions"/> for the weights.
/// </summary>
internal sealed class TextNGramEncoder : Encoder
{
    private readonly TextNGramOptions _options;
    private readonly NGramPreparation _preparation;
    private readonly Parameter table;
    private readonly Tensor rarity;
    private readonly ModuleList<Linear> layers;

    /// <summary>Creates the encoder with fresh weights; before <see cref="Prepare(ExampleStore, SampleShards?)"/> all n-grams are equally rare.</summary>
    public TextNGramEncoder(TextNGramOptions options, Generator generator) : base(nameof(TextNGramEncoder))
    {
        (_options, _preparation) = (options, new NGramPreparation(options));
        using (NewDisposeScope())
            table = Owned.Parameter(randn([options.Buckets, options.TableDimension], dtype: ScalarType.Float32, generator: generator));
        rarity = Owned.Buffer(ones(options.Buckets, dtype: ScalarType.Float32));
        layers = [];
        FeatureDimension = options.TableDimension;
        foreach (var width in options.HiddenDimensions)
        {
            layers.Add(new Linear(FeatureDimension, width, generator));
            FeatureDimension = width;
        }
        RegisterComponents();
    }

    /// <inheritdoc/>
    public override int FeatureDimension { get; }

    /// <inheritdoc/>
    protected override IReadOnlyList<nn.Module[]> Layers => [.. layers.Select(layer => new nn.Module[] { layer })];

    /// <summary>Number of weights, buffers included, and width of the features of such an encoder; nothing is allocated.</summary>
    public static (long Weights, int FeatureDimension) Measure(TextNGramOptions options)
    {
        var (weights, width) = ((1L + options.TableDimension) * options.Buckets, options.TableDimension);
        foreach (var next in options.HiddenDimensions)
        {
            weights += Linear.CountWeights(width, next);
            width = next;
        }
        return (weights, width);
    }

    /// <inheritdoc/>
    public override void Prepare(ExampleStore examples, SampleShards? shards = null)
    {
        var store = (TextStore)examples;
        var textsWith = new long[_options.Buckets];
        for (var i = 0; i < store.Count; i++)
            foreach (var (bucket, _) in TextNGrams.Count(store[i].Span, _options))
                textsWith[bucket]++;
        shards?.Group.Sum(textsWith, "the n-grams of the texts");
        var texts = shards?.Count ?? store.Count;
        // The vector of an n-gram that no text has stays random: it would be noise.
        var values = Array.ConvertAll(textsWith, count => count == 0 ? 0f : (float)(1 + Math.Log((1.0 + texts) / (1 + count))));
        using var frozen = no_grad();
        using var scope = NewDisposeScope();
        rarity.copy_(tensor(values));
    }

    /// <inheritdoc/>
    public override Func<ModalityBatch> Prepare(ModalityBatch batch, NoiseSource? noise) => () => _preparation.Count((TextBatch)batch);

    /// <inheritdoc/>
    public override Tensor Encode(ModalityBatch batch, NoiseSource? noise)
    {
        using var scope = NewDisposeScope();
        var x = Sum(batch as NGramBatch ?? _preparation.Count((TextBatch)batch), noise);
        foreach (var layer in layers)
        {
            x = nn.functional.gelu(layer.forward(x));
            if (noise is not null)
                x = noise.Dropout(x, _options.Dropout);
        }
        return x.MoveToOuterDisposeScope();
    }

    private Tensor Sum(NGramBatch texts, NoiseSource? noise)
    {
        var device = table.device;
        var (row_, bucket_) = (tensor(texts.Rows, device: device), tensor(texts.Buckets, device: device));
        var counts = Array.ConvertAll(texts.Occurrences, occurrences => 1 + MathF.Log(occurrences));
        var weight = tensor(counts, device: device).to(table.dtype) * rarity.index_select(0, bucket_);
        var squares = zeros(texts.Texts, table.dtype, device).index_add_(0, row_, weight.Squared(), Scalars.One);
        weight = weight / squares.sqrt().clamp_min(Scalars.Of(float.Epsilon)).index_select(0, row_);
        if (noise is not null)
            weight = noise.Dropout(weight, _options.NGramDropout);
        return zeros([texts.Texts, table.size(1)], table.dtype, device).index_add(0, row_, table.index_select(0, bucket_) * weight.unsqueeze(1), Scalars.One);
    }
}
