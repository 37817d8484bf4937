using Microsoft.ML.GentleClip;
using Microsoft.ML.GentleClip.Onnx;
using Microsoft.ML.GentleClip.Transformers;

namespace Microsoft.ML;

/// <summary>Adds the export to ONNX to ML.NET's catalog of model operations.</summary>
public static class GentleClipOnnxCatalog
{
    /// <summary>
    /// Writes what one embedding column computes as an ONNX file, which runs wherever ONNX Runtime does, without ML.NET and torch: encoder, projection head and
    /// normalisation, the closed form, or both side by side. Any number of rows a run, and sequences and texts of any length.
    /// </summary>
    /// <remarks>
    /// <para>Operators of version 20, float32 (a closed form computes in float64). Tokenisation, hashing of n-grams, scaling of pictures and the search for
    /// neighbouring residues are not in the graph: <see cref="OnnxPreprocessor"/> does them. Names and shapes of inputs and the output are listed in
    /// docs/onnx.md; the file's metadata say what the tower reads and how it is prepared.</para>
    /// <para>Where both modalities are vectors, ML.NET's own <c>mlContext.Model.ConvertToOnnx</c> (package Microsoft.ML.OnnxConverter) writes a whole
    /// pipeline with the embeddings in it; other modalities are refused there.</para>
    /// <para>The file is written beside <paramref name="path"/> and then renamed: a reader finds the old model or the new one. Equal models give equal
    /// bytes.</para>
    /// </remarks>
    /// <example>
    /// The sample <c>samples/ProteinAlignment</c> writes a <c>model.zip</c> with two towers.
    /// <code>
    /// ITransformer model = mlContext.Model.Load("model.zip", out _);
    /// mlContext.Model.ConvertGentleClipToOnnx(model, "sequences.onnx", "SequenceEmbedding");
    /// </code>
    /// </example>
    /// <param name="catalog">The catalog of model operations.</param>
    /// <param name="model">A <see cref="GentleClipTransformer"/>, or a chain of transformers that has one.</param>
    /// <param name="path">File to write; replaced if it is there.</param>
    /// <param name="embeddingColumnName">
    /// The column, one of the transformer's outputs. A side whose features have a column gives them as a second output of the graph, whichever of the two is
    /// named: they are encoded once for both.
    /// </param>
    /// <param name="externalDataThreshold">
    /// Most bytes of weights inside the file, 0 to 2,000,000,000 (the default; a file of protocol buffers ends at 2 GiB). With more of them, those of 1 KiB and
    /// up go to a second file beside it, <c>name.onnx.&lt;hash of its content&gt;.data</c>, which belongs to it; that of the model which stood there before is
    /// deleted.
    /// </param>
    /// <param name="cancellationToken">Stops the writing; what was there stays.</param>
    /// <exception cref="ArgumentException">
    /// The model has no such transformer, or none that writes the column; the message names those that there are.
    /// </exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="externalDataThreshold"/> is out of range.</exception>
    /// <exception cref="NotSupportedException">The tower has an encoder that is not the library's own; the message names it.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    /// <exception cref="ObjectDisposedException">The transformer was disposed.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static void ConvertGentleClipToOnnx(
        this ModelOperationsCatalog catalog,
        ITransformer model,
        string path,
        string embeddingColumnName,
        long externalDataThreshold = OnnxExporter.LargestInside,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(model);
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentException.ThrowIfNullOrEmpty(embeddingColumnName);
        ArgumentOutOfRangeException.ThrowIfNegative(externalDataThreshold);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(externalDataThreshold, OnnxExporter.LargestInside);
        var transformer = PipelineModels.Find(model, embeddingColumnName);
        transformer.Use(weights =>
        {
            OnnxExporter.Write(path, weights, transformer.SideOf(embeddingColumnName), externalDataThreshold, cancellationToken);
            return true;
        });
    }
}
