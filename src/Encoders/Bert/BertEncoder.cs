using Microsoft.ML.GentleClip.Modalities;
using Microsoft.ML.GentleClip.Runtime;
using Microsoft.ML.GentleClip.Weights;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>BERT as an encoder of text: WordPiece tokens, pooled representations, dropout in training.</summary>
internal sealed class BertEncoder : Encoder
{
    private readonly BertEncoderOptions _options;
    private readonly TextTokenizer _tokenizer;
    private readonly TextPreparation _preparation;
    private readonly BertModule model;

    /// <summary>Creates the encoder of options that have a vocabulary, with fresh weights.</summary>
    /// <exception cref="ArgumentException">Settings contradict each other.</exception>
    public BertEncoder(BertEncoderOptions options, Generator generator) : base(nameof(BertEncoder))
    {
        options.Validate();
        _options = options;
        _tokenizer = new TextTokenizer(options);
        _preparation = new TextPreparation(_tokenizer);
        model = new BertModule(options.Size, options.Vocabulary!.Count, generator);
        if (options.TrainableLayers is { } layers)
            model.FreezeAllBut(layers);
        TrainedLayers = options.TrainableLayers;
        RegisterComponents();
    }

    /// <inheritdoc/>
    public override int FeatureDimension => _options.Size.HiddenDimension;

    /// <summary>Number of weights and width of the features of such an encoder; nothing is allocated.</summary>
    public static (long Weights, int FeatureDimension) Measure(BertEncoderOptions options) =>
        (BertModule.CountParameters(options.Size, options.Vocabulary?.Count ?? 0), options.Size.HiddenDimension);

    /// <inheritdoc/>
    protected override IReadOnlyList<nn.Module[]> Layers => model.Layers;

    /// <inheritdoc/>
    public override void LoadPretrained(Action<string>? log = null)
    {
        if (_options.WeightsFile is not { } file)
            return;
        var request = new WeightRequest(BertWeightNames.Layout, _options.WeightsKey);
        using var weights = BertWeightNames.Read(file, request);
        var expected = (_options.Size.Layers, _options.Size.HiddenDimension, _options.Vocabulary!.Count);
        if (BertWeightNames.Shape(weights) is { } found && found != expected)
            throw new InvalidDataException(
                $"{file} holds a BERT of {found.Layers} layers of {found.Width} for {found.Tokens} tokens; expected {expected.Layers} layers of "
                    + $"{expected.HiddenDimension}, "
                + $"as {nameof(BertEncoderOptions)}.{nameof(_options.Size)} says, for the vocabulary's {expected.Count} tokens.");
        model.Load(weights, request);
        request.WriteTo(log);
    }

    /// <summary>Loads a checkpoint under Hugging Face's names; its pooler is left out.</summary>
    /// <exception cref="InvalidDataException">The weights are of another size or model.</exception>
    public void Load(StateDict weights) => model.Load(weights);

    /// <inheritdoc/>
    public override Func<ModalityBatch> Prepare(ModalityBatch batch, NoiseSource? noise) => () => new PreparedBatch(_preparation.Prepare((TextBatch)batch));

    /// <inheritdoc/>
    public override Tensor Encode(ModalityBatch batch, NoiseSource? noise) =>
        Features(batch as PreparedBatch ?? new PreparedBatch(_preparation.Prepare((TextBatch)batch)), noise);

    /// <inheritdoc/>
    public override Tensor EncodeRows(ModalityBatch batch, int[] rows)
    {
        using var scope = NewDisposeScope();
        var all = new TokenArrays(batch as PreparedBatch ?? new PreparedBatch(_preparation.Prepare((TextBatch)batch)));
        var (batches, slice) = (LengthBatches.Padded(all.Lengths, TorchSharp.DeviceType.CPU), new PartSlice(rows));
        for (var part = 0; part < batches.Count; part++)
        {
            var (longest, shortest) = (all.Lengths[batches[part][0]], all.Lengths[batches[part][^1]]);
            if (slice.Of(batches[part], longest) is { Length: > 0 } chosen)
                slice.Add(chosen, Features(all, chosen, longest, longest != shortest, default, CPU));
        }
        return slice.Restore().MoveToOuterDisposeScope();
    }

    /// <summary>Features <c>[batch, FeatureDimension]</c> of texts' tokens, encoded in parts of similar length.</summary>
    /// <param name="texts">Numbers of the tokens of each, [CLS] and [SEP] included.</param>
    /// <param name="noise">Dropout in training; null in inference.</param>
    public Tensor Features(IReadOnlyList<int[]> texts, NoiseSource? noise) =>
        Features(new PreparedBatch(TokenInputs.Of(new WordPieceRows(_tokenizer, texts))), noise);

    private Tensor Features(PreparedBatch texts, NoiseSource? noise)
    {
        using var scope = NewDisposeScope();
        var device = parameters().First().device;
        var all = new TokenArrays(texts);
        var lengths = all.Lengths;
        var dropout = new BertDropout(IsFrozen ? null : noise, _options.Dropout);
        var batches = LengthBatches.Padded(lengths, device.type);
        var parts = new List<Tensor>();
        for (var part = 0; part < batches.Count; part++)
        {
            var rows = batches[part].ToArray();
            var (longest, shortest) = (lengths[rows[0]], lengths[rows[^1]]);
            parts.Add(Features(all, rows, longest, longest != shortest, dropout, device));
        }
        return batches.Restore(parts, device).MoveToOuterDisposeScope();
    }

    // Of some rows, padded to the longest of their part.
    private Tensor Features(TokenArrays all, int[] rows, int longest, bool isMasked, BertDropout dropout, Device device)
    {
        using var scope = NewDisposeScope();
        var tokens = tensor(all.Rows(rows, longest), [rows.Length, longest], device: device);
        var counts = tensor(Array.ConvertAll(rows, row => (long)all.Lengths[row]), device: device);
        return Pool(model.Represent(tokens, isMasked ? counts : null, dropout), counts).MoveToOuterDisposeScope();
    }

    private Tensor Pool(Tensor representations, Tensor lengths)
    {
        if (_options.Pooling == BertPooling.ClassificationToken)
            return representations.select(1, 0);
        var token = Scalars.Range(representations.size(1), lengths.device).unsqueeze(0).lt(lengths.unsqueeze(1)).to(representations.dtype);
        return token.unsqueeze(1).bmm(representations).squeeze(1) / lengths.unsqueeze(1).to(representations.dtype);
    }
}
