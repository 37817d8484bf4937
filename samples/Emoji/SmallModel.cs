using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.GentleClip;

namespace EmojiPictures;

/// <summary>
/// A model that is trained in seconds, for samples that serve one: the words of each emoji and its picture in the first style are pairs, the other styles are
/// never shown. Searching them by words is a test of it.
/// </summary>
internal static class SmallModel
{
    public const string Pictures = nameof(Row.Picture), Words = nameof(Row.Words);
    public const int DefaultSteps = 200;

    /// <summary>Trains on one core.</summary>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static GentleClipTransformer Train(EmojiData data, int steps, IProgress<TrainingProgress>? progress, CancellationToken cancellation)
    {
        var rows = data.Train.Concat(data.Test).Select(emoji => new Row { Picture = EmojiData.Planes(emoji.Pictures[0]), Words = emoji.Words }).ToArray();
        var mlContext = new MLContext(seed: 1);
        var options = GentleClipOptions.FromPreset(GentleClipPreset.Clip);
        options.ModalityA = Modality.Image("PictureEmbedding", Pictures,
            new ImageOptions { Size = EmojiData.Side, StoredSize = EmojiData.Side, Fit = ImageFit.Stretch, HorizontalFlip = 0, MinimumCropArea = 0.6 },
            new ResNetOptions { Size = ResNetSize.Small });
        options.ModalityB = Modality.Text("WordsEmbedding", Words, new TextNGramOptions());
        options.Batches.Size = 64;
        options.Batches.PairsPerBatch = 64;
        options.MaximumNumberOfSteps = steps;
        options.NumberOfThreads = 1; // cores that others use as well collapse with more
        options.Progress = progress;
        options.CancellationToken = cancellation;
        return mlContext.Transforms.GentleClip(options).Fit(mlContext.Data.LoadFromEnumerable(rows));
    }

    /// <summary>A picture as a user would send it; the caller disposes it.</summary>
    public static MLImage Image(byte[] picture)
    {
        var pixels = new byte[picture.Length / EmojiData.Channels * 4];
        for (int i = 0; i < pixels.Length; i++)
            pixels[i] = i % 4 == 3 ? byte.MaxValue : picture[i / 4 * EmojiData.Channels + i % 4];
        return MLImage.CreateFromPixels(EmojiData.Side, EmojiData.Side, MLPixelFormat.Rgba32, pixels);
    }

    private sealed class Row
    {
        [VectorType(EmojiData.Channels, EmojiData.Side, EmojiData.Side)]
        public float[] Picture { get; init; } = [];

        public string Words { get; init; } = "";
    }
}
