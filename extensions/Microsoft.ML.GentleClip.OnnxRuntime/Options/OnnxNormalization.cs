namespace Microsoft.ML.GentleClip;

/// <summary>What numbers an ONNX file takes for pixels.</summary>
public enum OnnxNormalization
{
    /// <summary>Red, green and blue from 0 to 1, less <see cref="ImageOptions.Mean"/>, divided by <see cref="ImageOptions.StandardDeviation"/>.</summary>
    ImageOptions,

    /// <summary>Red, green and blue from 0 to 1, less the mean over ImageNet, by its standard deviation: torchvision, timm, ResNet.</summary>
    ImageNet,

    /// <summary>Red, green and blue from 0 to 1, less the mean of CLIP's pictures, by their standard deviation.</summary>
    Clip,

    /// <summary>Red, green and blue from -1 to 1: ViT.</summary>
    MinusOneToOne,

    /// <summary>Red, green and blue from 0 to 1.</summary>
    ZeroToOne,

    /// <summary>Red, green and blue from 0 to 255.</summary>
    Bytes,

    /// <summary>Blue, green and red from 0 to 255, less the mean over ImageNet: CNTK and Caffe, and ML.NET's packages of ResNet.</summary>
    BlueGreenRedLessMean,
}
