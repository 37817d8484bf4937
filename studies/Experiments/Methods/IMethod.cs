using System.Text.Json.Nodes;

namespace Experiments.Methods;

/// <summary>Rows to learn from. Pairs stand row for row; unpaired rows say nothing of how they belong together.</summary>
internal sealed record TrainingSet(float[][] PairsA, float[][] PairsB, float[][] UnpairedA, float[][] UnpairedB)
{
    public IEnumerable<float[]> AllA => PairsA.Concat(UnpairedA);

    public IEnumerable<float[]> AllB => PairsB.Concat(UnpairedB);
}

/// <summary>How long a method trains: nothing for closed forms.</summary>
internal sealed record MethodPlan(int Steps, int PairsPerBatch)
{
    public long PairPresentations => (long)Steps * PairsPerBatch;
}

/// <summary>A method with its settings, ready to learn from any rows.</summary>
internal interface IMethod
{
    /// <summary>Every setting that changes results.</summary>
    JsonObject Settings { get; }

    MethodPlan Plan(int pairs, int unpairedA, int unpairedB);

    IFittedMethod Fit(TrainingSet training, int seed, CancellationToken cancellation);
}

/// <summary>Embeds rows of either side in one space.</summary>
internal interface IFittedMethod : IDisposable
{
    /// <summary>Steps that were made.</summary>
    int Steps { get; }

    float[][] EmbedA(float[][] rows);

    float[][] EmbedB(float[][] rows);
}
