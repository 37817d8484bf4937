using Microsoft.ML.GentleClip.Modalities;
using Microsoft.ML.GentleClip.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>Changes of token batches: cutting to length, and the random cuts and masks of training.</summary>
internal static class Esm2Augmentation
{
    /// <summary>Pieces of the sequences within the options' length, between a beginning and an end of their own; in training random pieces.</summary>
    /// <returns>The tokens themselves where nothing is to be cut.</returns>
    public static Tensor Crop(Tensor tokens, Esm2Options options, NoiseSource? noise)
    {
        var share = noise is null ? 0 : options.SubsequenceCrop;
        if (share == 0 && tokens.size(1) - Esm2Batch.Ends <= options.MaximumLength)
            return tokens;
        using var scope = NewDisposeScope();
        var whole = tokens.ne(Scalars.Of(Esm2Alphabet.Padding)).sum(dim: 1, keepdim: true).Minus(Esm2Batch.Ends);
        var kept = share == 0 ? whole : whole - noise!.Integers(whole.Times(share).to(ScalarType.Int64));
        kept = kept.clamp_max(Scalars.Of(options.MaximumLength));
        var start = noise is null ? zeros_like(whole) : noise.Integers(whole - kept);

        var length = kept.max().item<long>() + Esm2Batch.Ends;
        var position = Scalars.Range(length, tokens.device).unsqueeze(0);
        var piece = tokens.gather(1, start.Plus(position).clamp_max(Scalars.Of(tokens.size(1) - 1)));
        // Position 0 reads the token before the piece; the end goes where the piece is over.
        piece = piece.masked_fill(position.eq(Scalars.Zero), Scalars.Of(Esm2Alphabet.Beginning))
            .masked_fill(position.eq(kept.Plus(1)), Scalars.Of(Esm2Alphabet.End))
            .masked_fill(position.gt(kept.Plus(1)), Scalars.Of(Esm2Alphabet.Padding));
        return piece.MoveToOuterDisposeScope();
    }

    /// <summary>Replaces a share of the residues by the mask token.</summary>
    public static Tensor Mask(Tensor tokens, double share, NoiseSource noise)
    {
        if (share == 0)
            return tokens;
        using var scope = NewDisposeScope();
        return tokens.masked_fill(Esm2Batch.Residues(tokens).logical_and(noise.Choose(tokens, share)), Scalars.Of(Esm2Alphabet.Mask)).MoveToOuterDisposeScope();
    }
}
