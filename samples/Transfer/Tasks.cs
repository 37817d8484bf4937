using EmojiPictures;
using PretrainedSearch;

namespace Transfer;

/// <summary>A thing seen by both sides.</summary>
/// <param name="Source">The side whose labels are known.</param>
/// <param name="Target">The side that is to be sorted.</param>
/// <param name="Label">What it is.</param>
internal sealed record Sample(float[] Source, float[] Target, string Label);

/// <summary>Data of a task.</summary>
/// <param name="Title">Of its table.</param>
/// <param name="Pairs">Samples of which both sides are known together.</param>
/// <param name="IsOneKind">Whether a classifier of one side can read the other as it is.</param>
/// <param name="Train">Samples to learn from.</param>
/// <param name="Test">Samples held out, of which only the target is shown.</param>
internal sealed record TransferTask(string Title, int Pairs, bool IsOneKind, Sample[] Train, Sample[] Test);

/// <summary>The two tasks.</summary>
internal static class Tasks
{
    private const int Side = 16, StylePairs = 20, DistillationPairs = 40;

    /// <summary>Domain adaptation: groups of emoji are known in one drawing style, and asked in the other.</summary>
    public static TransferTask Styles()
    {
        var data = EmojiData.Read(EmojiData.Own);
        return new("From one drawing style to the other", StylePairs, IsOneKind: true, Samples(data.Train), Samples(data.Test));

        static Sample[] Samples(IEnumerable<Emoji> emoji) => [.. emoji.Select(one => new Sample(Small(one.Pictures[0]), Small(one.Pictures[1]), one.Group))];
    }

    /// <summary>Distillation: the groups of drawings are known to features of ResNet18, and asked of 16 x 16 pixels.</summary>
    public static TransferTask Distillation(TextWriter output, string folder, CancellationToken cancellation)
    {
        var (train, test) = Drawing.Read(int.MaxValue);
        var (large, _) = new Encoders(output, cancellation).Features([.. train, .. test], [], Path.Combine(folder, "transfer.zip"));
        var small = new PlainFeatures(train, test);
        return new("From ResNet18 to small pictures", DistillationPairs, IsOneKind: false, Samples(train), Samples(test));

        Sample[] Samples(Drawing[] drawings) => [.. drawings.Select(one => new Sample(large[one], small.OfPicture(one), one.Group))];
    }

    // The mean of each 2 x 2 pixels, 0 to 1.
    private static float[] Small(byte[] picture)
    {
        const int factor = EmojiData.Side / Side;
        var small = new float[Side * Side * EmojiData.Channels];
        for (int i = 0; i < picture.Length; i++)
        {
            int pixel = i / EmojiData.Channels, row = pixel / EmojiData.Side / factor, column = pixel % EmojiData.Side / factor;
            small[(row * Side + column) * EmojiData.Channels + i % EmojiData.Channels] += picture[i] / 255f / (factor * factor);
        }
        return small;
    }
}
