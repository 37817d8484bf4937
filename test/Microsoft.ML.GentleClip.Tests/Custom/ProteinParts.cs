using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Tests.Custom;

/// <summary>The mean of the residues' vectors.</summary>
[EncoderKey("tests.residues")]
public sealed record ResidueMeanOptions(int Width = 16) : CustomProteinSequenceEncoderOptions
{
    public override nn.Module<Tensor, Tensor, Tensor> CreateNetwork(int tokens) => new ResidueMean(tokens, Width);
}

public sealed class ResidueMean : nn.Module<Tensor, Tensor, Tensor>
{
    private readonly Embedding table;

    public ResidueMean(int tokens, int width) : base(nameof(ResidueMean))
    {
        table = nn.Embedding(tokens, width);
        RegisterComponents();
    }

    /// <summary>Told what a pass gets, tokens and mask, on the CPU.</summary>
    public static AsyncLocal<Action<long[], bool[], long[]>?> Seen { get; } = new();

    public override Tensor forward(Tensor tokens, Tensor mask)
    {
        Seen.Value?.Invoke(tokens.data<long>().ToArray(), mask.data<bool>().ToArray(), tokens.shape);
        var known = mask.unsqueeze(2).to(ScalarType.Float32);
        return (EncoderNoise.Dropout(table.call(tokens), 0.1) * known).sum(dim: 1) / known.sum(dim: 1);
    }
}

/// <summary>A line through each alpha carbon's place and residue type, and their mean.</summary>
[EncoderKey("tests.carbons")]
public sealed record CarbonMeanOptions(int Width = 16) : CustomProteinStructureEncoderOptions
{
    public override nn.Module<Tensor, Tensor, Tensor, Tensor> CreateNetwork() => new CarbonMean(Width);
}

public sealed class CarbonMean : nn.Module<Tensor, Tensor, Tensor, Tensor>
{
    private readonly Linear places;
    private readonly Embedding types;

    public CarbonMean(int width) : base(nameof(CarbonMean))
    {
        places = nn.Linear(3, width);
        types = nn.Embedding(21, width);
        RegisterComponents();
    }

    /// <summary>Told what a pass gets, carbons, residues and mask, on the CPU.</summary>
    public static AsyncLocal<Action<float[], long[], bool[], long[]>?> Seen { get; } = new();

    public override Tensor forward(Tensor carbons, Tensor residues, Tensor mask)
    {
        Seen.Value?.Invoke(carbons.data<float>().ToArray(), residues.data<long>().ToArray(), mask.data<bool>().ToArray(), carbons.shape);
        var known = mask.unsqueeze(2).to(ScalarType.Float32);
        return ((places.call(carbons).relu() + types.call(residues)) * known).sum(dim: 1) / known.sum(dim: 1);
    }
}
