using Microsoft.ML.GentleClip.Modalities;
using Microsoft.ML.GentleClip.OnnxWriter;
using Microsoft.ML.GentleClip.Runtime;
using Microsoft.ML.GentleClip.Weights;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>ESM-2 as an encoder of amino-acid sequences: pooled representations, with cutting and masking in training.</summary>
internal sealed class Esm2Encoder : Encoder
{
    private readonly Esm2Options _options;
    private readonly SequencePreparation _beginning;
    private readonly Esm2Module model;

    /// <summary>Creates the encoder with fresh weights.</summary>
    /// <exception cref="ArgumentException">More trainable layers are asked for than there are.</exception>
    public Esm2Encoder(Esm2Options options, Generator generator) : base(nameof(Esm2Encoder))
    {
        options.Validate();
        (_options, _beginning) = (options, new SequencePreparation(options.MaximumLength));
        model = new Esm2Module(options.Size, generator);
        if (options.TrainableLayers is { } layers)
            model.FreezeAllBut(layers);
        TrainedLayers = options.TrainableLayers;
        RegisterComponents();
    }

    /// <inheritdoc/>
    public override int FeatureDimension => _options.Size.HiddenDimension;

    /// <summary>Number of weights, buffers included, and width of the features of such an encoder; nothing is allocated.</summary>
    public static (long Weights, int FeatureDimension) Measure(Esm2Options options) =>
        (Esm2Module.CountParameters(options.Size) + Esm2Module.CountBuffers(options.Size), options.Size.HiddenDimension);

    /// <inheritdoc/>
    protected override IReadOnlyList<nn.Module[]> Layers => model.Layers;

    /// <inheritdoc/>
    public override void LoadPretrained(Action<string>? log = null)
    {
        if (_options.WeightsFile is not { } file)
            return;
        var request = new WeightRequest(Esm2WeightNames.Layout, _options.WeightsKey);
        using var weights = Esm2WeightNames.Read(file, request: request);
        if (Esm2WeightNames.LayersAndWidth(weights) is { } found && found != (_options.Size.Layers, _options.Size.HiddenDimension))
            throw new InvalidDataException(
                $"{file} holds an ESM-2 of {found.Layers} layers of {found.Width}; expected {_options.Size.Layers} layers of "
                    + $"{_options.Size.HiddenDimension}, as {nameof(Esm2Options)}.{nameof(_options.Size)} says.");
        model.Load(weights, request);
        request.WriteTo(log);
    }

    /// <summary>Loads a published checkpoint under the authors' names; its heads are left out.</summary>
    /// <exception cref="InvalidDataException">The weights are of another size or model.</exception>
    public void Load(StateDict weights) => model.Load(weights);

    /// <summary>Training cuts random pieces out of whole sequences; inference never pads for what would be cut off anyway.</summary>
    public override bool PreparesAlike => IsFrozen;

    /// <inheritdoc/>
    public override Func<ModalityBatch> Prepare(ModalityBatch batch, NoiseSource? noise)
    {
        var preparation = noise is null || IsFrozen ? _beginning : SequencePreparation.Whole;
        return () => new PreparedBatch(preparation.Prepare((SequenceBatch)batch));
    }

    /// <inheritdoc/>
    public override Tensor Encode(ModalityBatch batch, NoiseSource? noise)
    {
        using var scope = NewDisposeScope();
        var tokens = (batch as PreparedBatch ?? (PreparedBatch)Prepare(batch, noise)()).Values<long>(OnnxNames.Tokens, out var shape);
        return Features(tensor(tokens, [.. shape], device: parameters().First().device), IsFrozen ? null : noise).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public override Tensor EncodeRows(ModalityBatch batch, int[] rows)
    {
        using var scope = NewDisposeScope();
        var values = (batch as PreparedBatch ?? (PreparedBatch)Prepare(batch, noise: null)()).Values<long>(OnnxNames.Tokens, out var shape);
        var tokens = tensor(values, [.. shape]);
        var lengths = Lengths(tokens);
        var (batches, slice) = (LengthBatches.Padded(lengths, tokens.device_type), new PartSlice(rows));
        for (var part = 0; part < batches.Count; part++)
        {
            var (longest, shortest) = (lengths[batches[part][0]], lengths[batches[part][^1]]);
            if (slice.Of(batches[part], longest) is { Length: > 0 } chosen)
                slice.Add(chosen, Features(tokens, chosen, longest, longest != shortest));
        }
        return slice.Restore().MoveToOuterDisposeScope();
    }

    /// <summary>Features <c>[batch, FeatureDimension]</c> of tokens <c>[batch, length]</c> of int64, encoded in parts of similar length.</summary>
    /// <param name="tokens">As <see cref="Esm2Batch"/> builds them.</param>
    /// <param name="noise">Cuts and masks in training; null in inference.</param>
    public Tensor Features(Tensor tokens, NoiseSource? noise)
    {
        using var scope = NewDisposeScope();
        tokens = Esm2Augmentation.Crop(tokens, _options, noise);
        if (noise is not null)
            tokens = Esm2Augmentation.Mask(tokens, _options.Masking, noise);
        var lengths = Lengths(tokens);
        var batches = LengthBatches.Padded(lengths, tokens.device_type);
        var parts = new List<Tensor>();
        for (var part = 0; part < batches.Count; part++)
        {
            var rows = batches[part].ToArray();
            parts.Add(Features(tokens, rows, lengths[rows[0]], isMasked: null));
        }
        return batches.Restore(parts, tokens.device).MoveToOuterDisposeScope();
    }

    // Of some rows, cut after the longest of their part.
    private Tensor Features(Tensor tokens, int[] rows, int longest, bool? isMasked)
    {
        using var scope = NewDisposeScope();
        var numbers = Array.ConvertAll(rows, row => (long)row);
        var part = tokens.index_select(0, tensor(numbers, device: tokens.device)).narrow(1, 0, longest).contiguous();
        return Pool(model.Represent(part, isMasked: isMasked), part).MoveToOuterDisposeScope();
    }

    private static int[] Lengths(Tensor tokens) =>
        Array.ConvertAll(tokens.ne(Scalars.Of(Esm2Alphabet.Padding)).sum(dim: 1).cpu().data<long>().ToArray(), length => (int)length);

    private Tensor Pool(Tensor representations, Tensor tokens)
    {
        if (_options.Pooling == Esm2Pooling.BeginningOfSequence)
            return representations.select(1, 0);
        var residues = Esm2Batch.Residues(tokens).to(representations.dtype);
        return residues.unsqueeze(1).bmm(representations).squeeze(1) / residues.sum(dim: 1, keepdim: true);
    }
}
