using System.Runtime.InteropServices;
using Microsoft.ML.GentleClip.Encoders;
using Microsoft.ML.GentleClip.Modalities;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.OnnxEncoders;

/// <summary>
/// A graph as an encoder. Its only weights are the hash of the file, by which trainings and saved models tell files apart, and the file itself where a saved
/// model is to hold it.
/// </summary>
internal sealed class OnnxEncoder : Encoder
{
    private const int HashBytes = 32;

    private readonly Tensor file_hash;
    private readonly Parameter file_bytes;
    private readonly OnnxSource _source;
    private readonly Func<OnnxRunner, ModalityBatch, (float[] Features, int Rows)> _encode;
    private readonly Lock _gate = new();
    private OnnxSession? _session;
    private OnnxRunner? _runner;

    /// <summary>Creates the encoder; it opens its graph at once, or at its first batch where the file comes out of a saved model.</summary>
    /// <param name="source">What it runs.</param>
    /// <param name="encode">Features of a batch, row by row.</param>
    public OnnxEncoder(OnnxSource source, Func<OnnxRunner, ModalityBatch, (float[] Features, int Rows)> encode) : base(nameof(OnnxEncoder))
    {
        (_source, _encode) = (source, encode);
        var plan = source.Plan;
        file_hash = Owned.Buffer(tensor(Array.ConvertAll(Convert.FromHexString(plan.Sha256), value => (float)value)));
        var bytes = !source.Embed ? zeros(0, dtype: ScalarType.Byte)
            : source.Content is { } content ? tensor(content.Bytes) : zeros(plan.Length, dtype: ScalarType.Byte);
        file_bytes = new Parameter(bytes, requires_grad: false);
        file_bytes.DetachFromDisposeScope();
        RegisterComponents();
        try
        {
            if (source.Content is { } open)
                Open(open);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public override int FeatureDimension => _source.Plan.FeatureDimension;

    /// <inheritdoc/>
    public override bool IsFrozen => true;

    /// <inheritdoc/>
    public override string? OnnxObstacle => $"the encoder of column '{_source.Column}' is an ONNX file itself, {_source.File}, and two files are not joined. "
        + "Run that file as it is, train on its features as Modality.Vector, and export that model";

    /// <summary>Number of weights of such an encoder.</summary>
    public static long CountWeights(OnnxPlan plan, bool embed) => HashBytes + (embed ? plan.Length : 0);

    /// <summary>Says what was guessed of the graph.</summary>
    public override void LoadPretrained(Action<string>? log = null)
    {
        foreach (var note in _source.Notes)
            log?.Invoke(note);
    }

    /// <inheritdoc/>
    public override Tensor Encode(ModalityBatch batch, NoiseSource? noise)
    {
        var (features, rows) = _encode(Runner(), batch);
        // In memory that torch aligns: a tensor over a managed array would make the head's sums differ in the last bit with where that happens to lie.
        var result = empty(rows, FeatureDimension, dtype: ScalarType.Float32);
        MemoryMarshal.AsBytes(features.AsSpan()).CopyTo(result.bytes);
        return file_hash.device.type == DeviceType.CPU ? result : result.to(file_hash.device, disposeAfter: true);
    }

    /// <summary>Closes the graph.</summary>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            lock (_gate)
            {
                _session?.Dispose();
                (_session, _runner) = (null, null);
            }
        }
        base.Dispose(disposing);
    }

    private OnnxRunner Runner()
    {
        lock (_gate)
        {
            if (_runner is { } open)
                return open;
            using var scope = NewDisposeScope();
            var content = OnnxContent.Of($"the ONNX file in the saved model ({_source.File})", file_bytes.detach().cpu().bytes.ToArray());
            if (content.Sha256 != _source.Plan.Sha256)
                throw new InvalidDataException($"The saved model holds an ONNX file of column '{_source.Column}' with SHA-256 {content.Sha256}; "
                    + $"expected {_source.Plan.Sha256}, as its description says.");
            return Open(content);
        }
    }

    private OnnxRunner Open(OnnxContent content)
    {
        _session = OnnxSession.Open(content);
        return _runner = new OnnxRunner(_session, _source.Plan, _source.BatchSize, content.Path, _source.Column);
    }
}
