namespace Microsoft.ML.GentleClip.Trainers;

/// <summary>What a plan knows of the data and of what is given beside them.</summary>
internal sealed record TrainingFacts
{
    /// <summary>Rows read.</summary>
    public required long Rows { get; init; }

    /// <summary>Rows without either side.</summary>
    public long EmptyRows { get; init; }

    /// <summary>Matched pairs, before any are held out.</summary>
    public required int Pairs { get; init; }

    /// <summary>Unpaired samples of modality A.</summary>
    public required int UnpairedA { get; init; }

    /// <summary>Unpaired samples of modality B.</summary>
    public required int UnpairedB { get; init; }

    /// <summary>What makes a pair and what was found, in words.</summary>
    public string Pairing { get; init; } = "";

    /// <summary>Matched pairs of validation data of their own; null without.</summary>
    public int? ValidationPairs { get; init; }

    /// <summary>What makes a pair there and what was found, in words.</summary>
    public string ValidationPairing { get; init; } = "";

    /// <summary>Whether there is a model to continue from.</summary>
    public bool Continues { get; init; }

    /// <summary>The facts of data that were read.</summary>
    public static TrainingFacts Of(TrainingData data, TrainingData? validation, bool continues) => new()
    {
        Rows = data.Rows,
        EmptyRows = data.EmptyRows,
        Pairs = data.PairCount,
        UnpairedA = data.A.Unpaired.Count,
        UnpairedB = data.B.Unpaired.Count,
        Pairing = data.Pairing,
        ValidationPairs = validation?.PairCount,
        ValidationPairing = validation?.Pairing ?? "",
        Continues = continues,
    };
}
