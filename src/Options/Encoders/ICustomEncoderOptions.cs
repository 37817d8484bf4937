namespace Microsoft.ML.GentleClip;

/// <summary>What the settings of all custom encoders have.</summary>
internal interface ICustomEncoderOptions : IEncoderOptions
{
    /// <summary>Whether the weights stay as they were made.</summary>
    bool IsFrozen { get; }

    /// <summary>Pretrained weights, or null.</summary>
    string? WeightsFile { get; }

    /// <summary>Where in that file they are, or null.</summary>
    string? WeightsKey => null;

    bool IEncoderOptions.HasFrozenWeights => IsFrozen;
}
