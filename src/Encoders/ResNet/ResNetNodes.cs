using Microsoft.ML.GentleClip.OnnxWriter;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>The residual network up to the mean over places.</summary>
internal static class ResNetNodes
{
    /// <summary>Features of normalised pictures <c>[batch, 3, side, side]</c>.</summary>
    public static string Append(OnnxGraph graph, string pictures, ResNetSize size, string prefix)
    {
        prefix += "model.";
        var x = graph.Node("Relu", [Normalized(Convolution(pictures, prefix + "conv1", 7, 2), prefix + "bn1")]);
        x = graph.Node("MaxPool", [x], ("kernel_shape", (long[])[3, 3]), ("strides", (long[])[2, 2]), ("pads", (long[])[1, 1, 1, 1]));
        for (var stage = 0; stage < ResNetSize.StageCount; stage++)
            for (var block = 0; block < size.Blocks[stage]; block++)
                x = Block(x, FormattableString.Invariant($"{prefix}layer{stage + 1}.{block}."), stage > 0 && block == 0 ? 2 : 1);
        return graph.Mean(x, keep: false, 2, 3);

        string Block(string input, string name, int stride)
        {
            var (first, second) = size.Bottleneck ? ((1, 1), (3, stride)) : ((3, stride), (3, 1));
            var main = graph.Node("Relu", [Normalized(Convolution(input, name + "conv1", first.Item1, first.Item2), name + "bn1")]);
            main = Normalized(Convolution(main, name + "conv2", second.Item1, second.Item2), name + "bn2");
            if (size.Bottleneck)
                main = Normalized(Convolution(graph.Node("Relu", [main]), name + "conv3", 1, 1), name + "bn3");
            var shortcut = graph.Has(name + "downsample.0.weight")
                ? Normalized(Convolution(input, name + "downsample.0", 1, stride), name + "downsample.1") : input;
            return graph.Node("Relu", [graph.Add(main, shortcut)]);
        }

        string Convolution(string input, string name, int kernel, int stride) => graph.Node("Conv", [input, graph.Weight(name + ".weight")],
            ("kernel_shape", (long[])[kernel, kernel]), ("strides", (long[])[stride, stride]),
                ("pads", (long[])[kernel / 2, kernel / 2, kernel / 2, kernel / 2]));

        string Normalized(string input, string name) => graph.BatchNormalization(input, name, Encoders.BatchNormalization.Epsilon);
    }
}
