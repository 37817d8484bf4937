using System.Collections.ObjectModel;
using Microsoft.ML.GentleClip.Options;

namespace Microsoft.ML.GentleClip;

/// <summary>
/// One side of the alignment: which column it reads, which column it writes, and how its encoder looks.
/// Plain data; create one with the static methods.
/// </summary>
public abstract class Modality
{
    /// <summary>The name that saved models have for the features among <see cref="OtherOutputs"/>.</summary>
    internal const string Features = "features";

    private IReadOnlyDictionary<string, string> _otherOutputs = ReadOnlyDictionary<string, string>.Empty;

    private protected Modality(string outputColumnName, string inputColumnName)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(outputColumnName);
        ArgumentException.ThrowIfNullOrWhiteSpace(inputColumnName);
        OutputColumnName = outputColumnName;
        InputColumnName = inputColumnName;
    }

    /// <summary>Column that holds the modality's samples.</summary>
    public string InputColumnName { get; }

    /// <summary>Column that receives the embedding, a vector of <see cref="float"/> of known size and length 1.</summary>
    public string OutputColumnName { get; }

    /// <summary>
    /// Column that receives the encoder's features, before the projection head; null, the default, where no column was asked for. See
    /// <see cref="WithFeatures"/>.
    /// </summary>
    public string? FeatureColumnName => OtherOutputs.GetValueOrDefault(Features);

    /// <summary>Columns beside the embedding's, by what they hold.</summary>
    internal IReadOnlyDictionary<string, string> OtherOutputs
    {
        get => _otherOutputs;
        init => _otherOutputs = value;
    }

    /// <summary>Every column that is written, the embedding's first.</summary>
    internal IEnumerable<string> OutputColumnNames => OtherOutputs.Values.Prepend(OutputColumnName);

    /// <summary>Columns that are read beside <see cref="InputColumnName"/>.</summary>
    internal virtual IReadOnlyList<string> OtherInputColumnNames => [];

    /// <summary>
    /// A modality of feature vectors: a column of <c>Vector&lt;Single&gt;</c> of known size or a scalar <c>Single</c>, or of other
    /// numbers, which are converted to float32; encoded by a multilayer perceptron or a network of your own.
    /// </summary>
    /// <example>
    /// <code>
    /// Modality spectra = Modality.Vector("SpectrumEmbedding", "Spectrum", new VectorEncoderOptions { HiddenDimensions = [512] });
    /// </code>
    /// </example>
    /// <param name="inputColumnName">
    /// Column of the features: <c>Vector&lt;Single&gt;</c> of known size or a scalar <c>Single</c>. Double and integers are
    /// converted to float32, and Booleans of a vector to 0 and 1.
    /// </param>
    /// <param name="outputColumnName">Column of the embedding.</param>
    /// <param name="encoder">
    /// <see cref="VectorEncoderOptions"/> or your own <see cref="CustomVectorEncoderOptions"/>, see docs/extending.md; null takes the defaults of the former.
    /// </param>
    /// <exception cref="ArgumentException">A name is empty.</exception>
    public static VectorModality Vector(string outputColumnName, string inputColumnName, VectorEncoderOptionsBase? encoder = null) =>
        new(outputColumnName, inputColumnName, encoder ?? new VectorEncoderOptions()) { HasOwnEncoder = encoder is not null };

    /// <summary>
    /// A modality of amino-acid sequences: a column of text, one letter per residue, encoded by statistics of k-mers and windows, by ESM-2 or by a network of
    /// your own. Empty or blank text is a missing sample.
    /// </summary>
    /// <example>
    /// <code>
    /// Modality sequences = Modality.ProteinSequence("SequenceEmbedding", "Sequence", new Esm2Options { MaximumLength = 512 });
    /// </code>
    /// </example>
    /// <param name="inputColumnName">Column of the sequences, a scalar of text.</param>
    /// <param name="outputColumnName">Column of the embedding.</param>
    /// <param name="encoder">
    /// <see cref="ProteinWindowOptions"/>, <see cref="Esm2Options"/> or your own <see cref="CustomProteinSequenceEncoderOptions"/>; null takes the defaults of
    /// the first, which needs no weights. With published weights take the second.
    /// </param>
    /// <exception cref="ArgumentException">A name is empty.</exception>
    public static ProteinSequenceModality ProteinSequence(string outputColumnName, string inputColumnName, ProteinSequenceEncoderOptions? encoder = null) =>
        new(outputColumnName, inputColumnName, encoder ?? new ProteinWindowOptions());

    /// <summary>
    /// A modality of protein structures, encoded by CDConv or a network of your own: a column of vectors that hold a chain's alpha carbons in angstrom,
    /// x, y and z of each residue in turn. A vector that is empty or NaN in every slot is a missing sample.
    /// </summary>
    /// <example>
    /// <code>
    /// Modality structures = Modality.ProteinStructure("StructureEmbedding", "AlphaCarbons");
    /// </code>
    /// </example>
    /// <param name="outputColumnName">Column of the embedding.</param>
    /// <param name="inputColumnName">Column of the coordinates, <c>Vector&lt;Single&gt;</c> or <c>Vector&lt;Double&gt;</c> of variable or known size.</param>
    /// <param name="sequenceColumnName">
    /// Column of text with one letter for each alpha carbon; empty text leaves the residues' types unknown. Null, the default, takes the local geometry of the
    /// chain in their place. Where the other modality is the sequence, the encoder could copy what it is to be aligned with: leave it out then.
    /// </param>
    /// <param name="encoder">
    /// <see cref="CdConvOptions"/> or your own <see cref="CustomProteinStructureEncoderOptions"/>; null takes the defaults of the former, a small
    /// network for a CPU.
    /// </param>
    /// <exception cref="ArgumentException">A name is empty, or both input columns are the same.</exception>
    public static ProteinStructureModality ProteinStructure(
        string outputColumnName, string inputColumnName, string? sequenceColumnName = null, ProteinStructureEncoderOptions? encoder = null) =>
        new(outputColumnName, inputColumnName, sequenceColumnName, encoder ?? new CdConvOptions());

    /// <summary>
    /// A modality of text: a column of text, encoded by hashed character n-grams, which few rows are enough for, or by BERT. Text that is empty, or has only
    /// blanks and control characters, is a missing sample.
    /// </summary>
    /// <example>
    /// <code>
    /// Modality captions = Modality.Text("CaptionEmbedding", "Caption", new TextNGramOptions { MaximumLength = 3 });
    /// </code>
    /// </example>
    /// <param name="outputColumnName">Column of the embedding.</param>
    /// <param name="inputColumnName">Column of the texts, a scalar of text.</param>
    /// <param name="encoder">
    /// <see cref="TextNGramOptions"/>, <see cref="BertEncoderOptions"/> or your own <see cref="CustomTextEncoderOptions"/>; null takes the defaults of the
    /// former.
    /// </param>
    /// <exception cref="ArgumentException">A name is empty.</exception>
    public static TextModality Text(string outputColumnName, string inputColumnName, TextEncoderOptions? encoder = null) =>
        new(outputColumnName, inputColumnName, encoder ?? new TextNGramOptions());

    /// <summary>
    /// A modality of pictures: a column of images, as <c>LoadImages</c> of Microsoft.ML.ImageAnalytics makes it, or of pixels, as <c>ExtractPixels</c> does.
    /// A null image and a vector that is NaN in every slot are missing samples.
    /// </summary>
    /// <example>
    /// <code>
    /// Modality pictures = Modality.Image("PictureEmbedding", "Picture", new ImageOptions { Size = 64 });
    /// </code>
    /// </example>
    /// <param name="outputColumnName">Column of the embedding.</param>
    /// <param name="inputColumnName">
    /// Column of the pictures. Pixels are a <c>Vector&lt;Single&gt;</c> of known size, or one of Double or integers, with values
    /// from 0 to 255: planes of red, green and blue one
    /// after the other, each row by row; a type of three dimensions, channels x height x width, says the sizes, else the picture is square. One plane is grey.
    /// </param>
    /// <param name="images">How the pictures are prepared; null takes the defaults.</param>
    /// <param name="encoder">
    /// Settings of the network, <see cref="ResNetOptions"/>, <see cref="ViTOptions"/> or your own <see cref="CustomImageEncoderOptions"/>; null takes a small
    /// residual network with random weights that trains on a CPU.
    /// </param>
    /// <exception cref="ArgumentException">A name is empty.</exception>
    public static ImageModality Image(string outputColumnName, string inputColumnName, ImageOptions? images = null, ImageEncoderOptions? encoder = null) =>
        new(outputColumnName, inputColumnName, images ?? new ImageOptions(), encoder ?? new ResNetOptions());

    /// <summary>
    /// The same modality, whose encoder's features come out as a column of their own: a vector of <see cref="float"/> of known size, the encoder's width, not
    /// of unit length; NaN in every slot for rows that lack the side. A row is encoded once for features and embedding.
    /// </summary>
    /// <remarks>
    /// <para>A classifier belongs on the features, which come before the projection head: the head keeps what the other modality can follow, and drops the
    /// rest. Search and matching belong on the embeddings, the only ones that are comparable across modalities. See docs/features.md.</para>
    /// <para>Where a closed form stands alone, the features are what it reads: those of the frozen encoder, or of a column of vectors the vectors
    /// themselves.</para>
    /// </remarks>
    /// <example>
    /// <code>
    /// ModalityA = Modality.ProteinStructure("StructureEmbedding", "AlphaCarbons").WithFeatures("StructureFeatures"),
    /// </code>
    /// </example>
    /// <param name="featureColumnName">Column of the features.</param>
    /// <returns>A copy; this one stays as it is.</returns>
    /// <exception cref="ArgumentException">The name is empty.</exception>
    public Modality WithFeatures(string featureColumnName) => WithOutput(Features, featureColumnName);

    /// <summary>The same modality with one more column.</summary>
    /// <param name="output">What it holds.</param>
    /// <param name="columnName">Its name.</param>
    internal Modality WithOutput(string output, string columnName)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(columnName);
        var copy = (Modality)MemberwiseClone();
        copy._otherOutputs = new SortedDictionary<string, string>(OtherOutputs.ToDictionary(), StringComparer.Ordinal) { [output] = columnName };
        return copy;
    }

    /// <summary>Settings of the encoder, whatever the modality.</summary>
    internal abstract IEncoderOptions EncoderOptions { get; }

    /// <summary>What a closed form aligns: the feature vectors themselves, or the features of a frozen encoder.</summary>
    internal bool SuitsClosedForm => this is VectorModality || EncoderOptions.HasFrozenWeights;

    /// <summary>Checks what a training is not to be begun with, though a saved model may have it.</summary>
    /// <exception cref="ArgumentException">The encoder could not learn.</exception>
    internal virtual void ValidateTraining()
    {
    }

    /// <summary>Checks what the encoder's setters cannot see alone.</summary>
    /// <exception cref="ArgumentException">Settings contradict each other, or a user's own would not come back from a saved model.</exception>
    internal virtual void Validate()
    {
        if (EncoderOptions is ICustomEncoderOptions custom)
            EncoderKey.Check(custom);
    }
}
