using System.Text.Json.Serialization;
using Microsoft.ML.GentleClip.Options;

namespace Microsoft.ML.GentleClip;

/// <summary>
/// How pictures are prepared for their encoder: made square, cut, varied in training, normalised. A frozen encoder sees them as in inference,
/// without variation. The resizing is bilinear with as wide a filter as the scale asks for, like Pillow's.
/// </summary>
public sealed record ImageOptions
{
    private int _size = Defaults.Size;
    private int? _storedSize;
    private ImageFit _fit = Defaults.Fit;
    private int _background = Defaults.Background;
    private IReadOnlyList<double> _mean = Defaults.Mean;
    private IReadOnlyList<double> _standardDeviation = Defaults.StandardDeviation;
    private double _minimumCropArea = Defaults.MinimumCropArea;
    private double _horizontalFlip = Defaults.HorizontalFlip;
    private double _colorJitter = Defaults.ColorJitter;
    private int _maximumPixels = Defaults.MaximumPixels;

    /// <summary>Default values.</summary>
    public static class Defaults
    {
        /// <summary>224 pixels, as the published networks were trained with.</summary>
        public const int Size = 224;

        /// <summary>Cut off what is not square.</summary>
        public const ImageFit Fit = ImageFit.Crop;

        /// <summary>White.</summary>
        public const int Background = 255;

        /// <summary>Mean of red, green and blue over ImageNet.</summary>
        public static IReadOnlyList<double> Mean { get; } = [0.485, 0.456, 0.406];

        /// <summary>Standard deviation of red, green and blue over ImageNet.</summary>
        public static IReadOnlyList<double> StandardDeviation { get; } = [0.229, 0.224, 0.225];

        /// <summary>0.35: with less, the parts of one picture often show different things.</summary>
        public const double MinimumCropArea = 0.35;

        /// <summary>Every second picture.</summary>
        public const double HorizontalFlip = 0.5;

        /// <summary>0.2.</summary>
        public const double ColorJitter = 0.2;

        /// <summary>Pictures are turned upright.</summary>
        public const bool ApplyOrientation = true;

        /// <summary>100 million pixels: 400 MB when decoded.</summary>
        public const int MaximumPixels = 100_000_000;
    }

    /// <summary>Side of the square that the encoder sees, in pixels, 8 to 1024. Default 224.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Out of range.</exception>
    public int Size
    {
        get => _size;
        init => _size = Check.InRange(value, 8, 1024, nameof(Size));
    }

    /// <summary>
    /// Side of the square that is kept of each picture, in pixels, <see cref="Size"/> to 2048: inference takes its middle, training any part of it. A row takes
    /// three bytes for each of its pixels. Null, the default, is 8/7 of <see cref="Size"/>, 256 for 224, as the published networks are tested with.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Out of range. Below <see cref="Size"/> is refused where the modality is used.</exception>
    public int? StoredSize
    {
        get => _storedSize;
        init => _storedSize = value is { } size ? Check.InRange(size, 8, 2048, nameof(StoredSize)) : null;
    }

    /// <summary>How a picture becomes a square. Default <see cref="ImageFit.Crop"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not a defined value.</exception>
    public ImageFit Fit
    {
        get => _fit;
        init => _fit = Check.Defined(value, nameof(Fit));
    }

    /// <summary>Grey that shows through transparent pixels, 0 (black) to 255 (white). Default 255.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Out of range.</exception>
    public int Background
    {
        get => _background;
        init => _background = Check.InRange(value, 0, 255, nameof(Background));
    }

    /// <summary>What is subtracted from red, green and blue, of values 0 to 1. Default ImageNet's mean.</summary>
    /// <exception cref="ArgumentException">Not three finite numbers.</exception>
    public IReadOnlyList<double> Mean
    {
        get => _mean;
        init => _mean = Three(value, nameof(Mean), double.IsFinite, "finite numbers");
    }

    /// <summary>What red, green and blue are divided by after that. Default ImageNet's standard deviation.</summary>
    /// <exception cref="ArgumentException">Not three numbers above 0.</exception>
    public IReadOnlyList<double> StandardDeviation
    {
        get => _standardDeviation;
        init => _standardDeviation = Three(value, nameof(StandardDeviation), number => number > 0 && double.IsFinite(number), "numbers above 0");
    }

    /// <summary>
    /// Smallest share of the stored square's area that training shows, above 0 to 1: each time a random part of an area between that and the whole, of a shape
    /// between 3:4 and 4:3, at a random place. 1 takes the whole square. Default 0.35.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Out of range.</exception>
    public double MinimumCropArea
    {
        get => _minimumCropArea;
        init => _minimumCropArea = Check.InRange(value, 0.01, 1, nameof(MinimumCropArea));
    }

    /// <summary>Share of the pictures that training mirrors left to right, 0 to 1; 0 where sides matter, as with letters. Default 0.5.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Out of range.</exception>
    public double HorizontalFlip
    {
        get => _horizontalFlip;
        init => _horizontalFlip = Check.InRange(value, 0, 1, nameof(HorizontalFlip));
    }

    /// <summary>
    /// How far training changes brightness, contrast and saturation, 0 to below 1: each by a random factor between 1 less and 1 more this number. Default 0.2.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Out of range.</exception>
    public double ColorJitter
    {
        get => _colorJitter;
        init => _colorJitter = Check.InRangeExclusive(value, 0, 1, nameof(ColorJitter));
    }

    /// <summary>
    /// Whether a picture is turned and mirrored as its file says (EXIF orientation 1 to 8 of JPEG, PNG and WEBP), so that the encoder sees what
    /// viewers show. It is saved with the
    /// model; models saved before there was this setting read it as false, as they were trained. Columns of pixels have no such note. Default true.
    /// </summary>
    [JsonIgnore] // written beside these settings, where a file without it means false
    public bool ApplyOrientation { get; init; } = Defaults.ApplyOrientation;

    /// <summary>
    /// Most pixels, width times height, that a picture may have, 1 to 536,870,911; a larger one is an error that names its row. Of a column of file
    /// contents, and in an embedding generator
    /// that takes them, it is read from the file's header before anything is decoded; <c>LoadImages</c> has decoded its file by then. Default 100 million.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Out of range.</exception>
    public int MaximumPixels
    {
        get => _maximumPixels;
        init => _maximumPixels = Check.InRange(value, 1, (1 << 29) - 1, nameof(MaximumPixels));
    }

    /// <summary>Side of the square that is kept.</summary>
    internal int Stored => StoredSize ?? (Size * 8 + 3) / 7;

    /// <summary>Value equality of all settings.</summary>
    /// <param name="other">The other settings.</param>
    public bool Equals(ImageOptions? other) =>
        other is not null && Values == other.Values && Mean.SequenceEqual(other.Mean) && StandardDeviation.SequenceEqual(other.StandardDeviation);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Values, Mean[0], StandardDeviation[0]);

    /// <summary>Checks what no setter can see alone.</summary>
    /// <exception cref="ArgumentException">The stored square is smaller than the encoder's.</exception>
    internal void Validate()
    {
        if (Stored < Size)
            throw new ArgumentException($"{nameof(ImageOptions)}.{nameof(StoredSize)} is {StoredSize}; expected at least the {Size} pixels of {nameof(Size)}.");
    }

    private (int, int, ImageFit, int, double, double, double, bool, int) Values =>
        (Size, Stored, Fit, Background, MinimumCropArea, HorizontalFlip, ColorJitter, ApplyOrientation, MaximumPixels);

    private static IReadOnlyList<double> Three(IReadOnlyList<double> values, string name, Func<double, bool> isValid, string expected)
    {
        ArgumentNullException.ThrowIfNull(values, name);
        return values.Count == 3 && values.All(isValid)
            ? Array.AsReadOnly([.. values])
            : throw new ArgumentException($"{name} must be three {expected}, one each for red, green and blue; found {string.Join(", ", values)}.", name);
    }
}
