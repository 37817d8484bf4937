using Microsoft.ML.GentleClip.Encoders;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Benchmarks;

/// <summary>An encoder with a batch, ready to run.</summary>
/// <param name="encoder">Disposed with this.</param>
/// <param name="elements">What the throughput counts: residues, pixels, words of the batch.</param>
/// <param name="encode">Features of the batch in inference (no noise) or training.</param>
/// <param name="inputs">Disposed with this.</param>
internal sealed class EncoderRun(nn.Module encoder, long elements, Func<NoiseSource?, Tensor> encode, params IReadOnlyList<IDisposable> inputs) : IDisposable
{
    private readonly Generator _generator = new(2);

    public long Elements => elements;

    public long Weights => encoder.state_dict().Values.Sum(tensor => tensor.numel());

    /// <summary>A forward pass as when scoring.</summary>
    public void Infer()
    {
        using var frozen = no_grad();
        using var scope = NewDisposeScope();
        encode(null);
    }

    /// <summary>The lowest cosine between a row's features as they are and as they are in some other way.</summary>
    public double LowestCosine(Func<IDisposable> other)
    {
        using var frozen = no_grad();
        using var scope = NewDisposeScope();
        var plain = encode(null);
        using var stay = other();
        return nn.functional.cosine_similarity(plain, encode(null), dim: 1).min().to(ScalarType.Float64).item<double>();
    }

    /// <summary>A forward and a backward pass as in training, without the optimiser's step.</summary>
    public void Train()
    {
        using var scope = NewDisposeScope();
        encoder.zero_grad();
        encode(new NoiseSource(_generator)).square().mean().backward();
    }

    public void Dispose()
    {
        encoder.Dispose();
        _generator.Dispose();
        foreach (var input in inputs)
            input.Dispose();
    }
}
