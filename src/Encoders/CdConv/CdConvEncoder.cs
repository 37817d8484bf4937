using Microsoft.ML.GentleClip.Modalities;
using Microsoft.ML.GentleClip.Weights;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>CDConv as an encoder of protein structures.</summary>
internal sealed class CdConvEncoder : Encoder
{
    private readonly CdConvOptions _options;
    private readonly CdConvNetwork network;

    /// <summary>Creates the encoder with fresh weights.</summary>
    /// <exception cref="ArgumentException">The options' lists do not fit each other.</exception>
    public CdConvEncoder(CdConvOptions options, Generator generator) : base(nameof(CdConvEncoder))
    {
        _options = options;
        network = new CdConvNetwork(options, generator);
        RegisterComponents();
    }

    /// <inheritdoc/>
    public override int FeatureDimension => network.FeatureDimension;

    /// <inheritdoc/>
    protected override IReadOnlyList<nn.Module[]> Layers => network.Layers;

    /// <inheritdoc/>
    protected override void OnTrainLast(int? layers) => network.RestingBlocks = LayerCount - (layers ?? LayerCount);

    /// <inheritdoc/>
    public override void LoadPretrained(Action<string>? log = null)
    {
        if (_options.WeightsFile is not { } path)
            return;
        var request = new WeightRequest(CdConvNetwork.Layout, _options.WeightsKey);
        using var file = WeightFile.Read(path, request);
        using var weights = WeightResolver.Resolve(file, CdConvNetwork.Layout, request);
        TowerWeights.Load(network, weights, weights.Source, CdConvNetwork.Layout, request);
        request.WriteTo(log);
    }

    /// <inheritdoc/>
    public override string? InputProblem(ExampleStore examples)
    {
        var structures = (StructureStore)examples;
        if (_options.InputOrTypes == CdConvInput.ResidueTypes)
            return Chains().Any(chain => chain.Residues is { } residues && residues.Span.ContainsAnyExcept(residues.Span[0]))
                ? null
                : "has no residue types in any row, or only one: CDConv's input is the same for every residue, and little but the chains' lengths can be "
                    + $"learnt. Fill the sequence column, or name none: {nameof(CdConvInput)}.{nameof(CdConvInput.LocalGeometry)} is the input then.";
        if (_options.InputOrTypes != CdConvInput.LocalGeometry)
            return null;
        return Chains().Any(chain => LocalGeometry.Of(CdConvNodes.Of([chain])).AsSpan().ContainsAnyExcept(0))
            ? null
            : "has no three successive alpha carbons in any row that are at most "
                + FormattableString.Invariant($"{LocalGeometry.LongestBond} angstrom apart, so that CDConv's input is the same for every residue. ")
                + "Expected the coordinates of each residue's alpha carbon in turn, in angstrom.";

        IEnumerable<Chain> Chains() => Enumerable.Range(0, structures.Count).Select(i => structures[i]);
    }

    /// <inheritdoc/>
    public override bool PreparesWithNoise => !IsFrozen;

    /// <inheritdoc/>
    public override bool PreparesAlike => IsFrozen;

    /// <summary>Crops and draws the noise at once; the search for neighbours is what is left to do.</summary>
    public override Func<ModalityBatch> Prepare(ModalityBatch batch, NoiseSource? noise)
    {
        var chains = ((StructureBatch)batch).Chains;
        if (noise is not null && !IsFrozen)
        {
            var work = new CdConvWork(chains, _options, noise);
            return () => new PreparedStructures([work.Run()]);
        }
        return () =>
        {
            var batches = LengthBatches.InOrder([.. chains.Select(chain => chain.Length)]);
            return new PreparedStructures([.. Enumerable.Range(0, batches.Count).Select(part =>
                new CdConvWork(Array.ConvertAll(batches[part].ToArray(), row => chains[row]), _options, noise: null).Run())]);
        };
    }

    /// <inheritdoc/>
    public override Tensor Encode(ModalityBatch batch, NoiseSource? noise)
    {
        var prepared = batch as PreparedStructures ?? (PreparedStructures)Prepare(batch, noise)();
        if (noise is not null && !IsFrozen)
            return network.Encode(prepared.Parts[0].Graph, prepared.Parts[0].Edges, noise);
        using var scope = NewDisposeScope();
        return cat([.. prepared.Parts.Select(part => network.Encode(part.Graph, part.Edges, noise: null))], 0).MoveToOuterDisposeScope();
    }
}
