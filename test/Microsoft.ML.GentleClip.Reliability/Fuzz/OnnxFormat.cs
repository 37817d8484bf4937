namespace Microsoft.ML.GentleClip.Reliability;

/// <summary>ONNX: written here, never read.</summary>
internal sealed class OnnxFormat : FuzzFormat
{
    public override string Name => "onnx";

    public override int Weight => 0;

    public override string? Skipped => "the library writes ONNX and never reads it; broken files would try ONNX Runtime's parser alone";

    public override byte[] Make(Random random) => throw new NotSupportedException();

    public override void Read(byte[] file) => throw new NotSupportedException();
}
