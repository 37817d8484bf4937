using Experiments.Running;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.GentleClip;

namespace FirstScreen;

/// <summary>Figures of one training, as shares.</summary>
/// <param name="RecallAt1">Partner first, mean of both directions.</param>
/// <param name="RecallAt10">Partner among the first ten, mean of both directions.</param>
/// <param name="Coefficients">Digits that a classifier reads rightly from the coefficients.</param>
/// <param name="Profiles">Digits that it reads rightly from the profiles, of which it saw none.</param>
internal sealed record Figures(double RecallAt1, double RecallAt10, double Coefficients, double Profiles);

/// <summary>One draw of pairs and unpaired rows; the last 500 digits are the test.</summary>
/// <param name="digits">All digits.</param>
/// <param name="seed">1: the draw of the sample's program; others: other digits are pairs.</param>
internal sealed class Trial(Digit[] digits, int seed)
{
    public const int Pairs = 20, Train = 1500, UnpairedRows = (Train - Pairs) / 2;

    private readonly Digit[] _train = Shuffled(digits[..Train], seed);
    private readonly Digit[] _test = digits[Train..];

    /// <summary>Trains, and scores the test digits.</summary>
    /// <param name="method">How.</param>
    /// <param name="unpairedRows">Unpaired rows of each side.</param>
    public (Figures Figures, IDataView Scored) Run(Method method, int unpairedRows = UnpairedRows)
    {
        var mlContext = new MLContext(seed);
        IDataView labelled = mlContext.Data.LoadFromEnumerable(Coefficients(UnpairedRows).Select(digit => new Digit
        {
            Label = digit.Label,
            Coefficients = digit.Coefficients,
        }).ToArray());
        var options = new GentleClipOptions
        {
            ModalityA = Modality.Vector("CoefficientsEmbedding", nameof(Digit.Coefficients)),
            ModalityB = Modality.Vector("ProfileEmbedding", nameof(Digit.Profile)),
            ClosedForm = new ClosedFormOptions { Method = method.ClosedForm },
            Seed = seed,
        };
        if (method.Steps is { } steps)
            options.MaximumNumberOfSteps = steps;
        using GentleClipTransformer model = mlContext.Transforms.GentleClip(options).Fit(mlContext.Data.LoadFromEnumerable(Rows(method, unpairedRows)));
        IDataView scored = mlContext.Data.Cache(model.Transform(mlContext.Data.LoadFromEnumerable(_test)));
        RetrievalMetrics metrics = mlContext.GentleClip().EvaluateRetrieval(scored, "CoefficientsEmbedding", "ProfileEmbedding");

        var classifier = mlContext.Transforms.Conversion.MapValueToKey("Key", nameof(Digit.Label))
            .Append(mlContext.MulticlassClassification.Trainers.LbfgsMaximumEntropy("Key", "CoefficientsEmbedding")).Fit(model.Transform(labelled));
        IDataView swapped = mlContext.Transforms.CopyColumns("CoefficientsEmbedding", "ProfileEmbedding").Fit(scored).Transform(scored);
        var figures = new Figures(metrics.RecallAt(1), metrics.RecallAt(10), Accuracy(scored), Accuracy(swapped));
        // What is drawn is read before the model goes.
        return (figures, mlContext.Data.LoadFromEnumerable(
            mlContext.Data.CreateEnumerable<EmbeddedDigit>(scored, reuseRowObject: false).ToArray()));

        double Accuracy(IDataView rows) => mlContext.MulticlassClassification.Evaluate(classifier.Transform(rows), "Key").MicroAccuracy;
    }

    /// <summary>
    /// The test digits before anything has learnt which belongs to which: each side on its own 64 principal components, at unit length.
    /// </summary>
    public (double RecallAt1, IDataView Scored) Before()
    {
        var mlContext = new MLContext(seed);
        IDataView train = mlContext.Data.LoadFromEnumerable(_train), test = mlContext.Data.LoadFromEnumerable(_test);
        foreach (var (input, output) in new[] { (nameof(Digit.Coefficients), "CoefficientsEmbedding"), (nameof(Digit.Profile), "ProfileEmbedding") })
        {
            var steps = mlContext.Transforms.NormalizeMeanVariance(output, input, fixZero: false)
                .Append(mlContext.Transforms.ProjectToPrincipalComponents(output, rank: Digit.CoefficientCount, ensureZeroMean: true, seed: seed))
                .Append(mlContext.Transforms.NormalizeLpNorm(output)).Fit(train);
            (train, test) = (steps.Transform(train), steps.Transform(test));
        }
        return (mlContext.GentleClip().EvaluateRetrieval(test, "CoefficientsEmbedding", "ProfileEmbedding").RecallAt(1), test);
    }

    private IEnumerable<Digit> Coefficients(int unpairedRows) => _train[..Pairs].Concat(_train[Pairs..].Where((_, i) => i % 2 == 0).Take(unpairedRows));

    private Digit[] Rows(Method method, int unpairedRows)
    {
        if (method.Unpaired == Unpaired.Paired)
            return _train;
        if (method.Unpaired == Unpaired.None)
            unpairedRows = 0;
        float[][] a = [.. Coefficients(unpairedRows).Skip(Pairs).Select(digit => digit.Coefficients)];
        float[][] b = [.. _train[Pairs..].Where((_, i) => i % 2 == 1).Take(unpairedRows).Select(digit => digit.Profile)];
        if (method.Unpaired == Unpaired.Gaussian)
            (a, b) = (UnpairedControl.Gaussian(a, seed), UnpairedControl.Gaussian(b, seed + 1000));
        return [.. _train[..Pairs], .. a.Select(values => new Digit { Coefficients = values }), .. b.Select(values => new Digit { Profile = values })];
    }

    // The first seed's draw is the sample's: pairs first, then even ids for the coefficients and odd ones for the profiles.
    private static Digit[] Shuffled(Digit[] digits, int seed)
    {
        if (seed == 1)
            return [.. digits[..Pairs], .. digits[Pairs..].Chunk(2).SelectMany(two => two.Reverse())];
        var shuffled = (Digit[])digits.Clone();
        new Random(seed).Shuffle(shuffled);
        return shuffled;
    }

    private sealed class EmbeddedDigit
    {
        public string Label { get; set; } = "";

        [VectorType(128)]
        public float[] CoefficientsEmbedding { get; set; } = [];

        [VectorType(128)]
        public float[] ProfileEmbedding { get; set; } = [];
    }
}
