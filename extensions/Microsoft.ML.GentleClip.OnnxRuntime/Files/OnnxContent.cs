using System.Security.Cryptography;
using System.Text;

namespace Microsoft.ML.GentleClip.OnnxEncoders;

/// <summary>An ONNX file as it was read, and the hash that says which it is: over its bytes, and over the files with its weights, if any.</summary>
/// <param name="Path">The file; nothing for content out of a saved model.</param>
/// <param name="Bytes">Its bytes.</param>
/// <param name="Facts">What it says of itself.</param>
/// <param name="Sha256">In hexadecimal digits.</param>
internal sealed record OnnxContent(string Path, byte[] Bytes, OnnxFileFacts Facts, string Sha256)
{
    // Protocol buffers end there; larger models have their weights in other files.
    private const long LargestFile = int.MaxValue - 64;

    /// <summary>Reads a file whole.</summary>
    /// <exception cref="FileNotFoundException">It, or a file with its weights, is not there.</exception>
    /// <exception cref="InvalidDataException">It is no ONNX file.</exception>
    public static OnnxContent Read(string path)
    {
        if (!File.Exists(path))
            throw new FileNotFoundException(Directory.Exists(path)
                ? $"{path} is a folder; expected the ONNX file in it."
                : $"{path}: there is no such ONNX file.", path);
        if (new FileInfo(path).Length > LargestFile)
            throw new InvalidDataException($"{path}: expected an ONNX file of at most 2 GB, found {new FileInfo(path).Length} bytes. Write the weights into a "
                + "file beside it (external data).");
        return Of(path, File.ReadAllBytes(path));
    }

    /// <summary>Content out of a saved model.</summary>
    /// <inheritdoc cref="Read"/>
    public static OnnxContent Of(string path, byte[] bytes)
    {
        var facts = OnnxFileFacts.Read(bytes, path);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(bytes);
        foreach (var name in facts.WeightFiles)
        {
            var beside = System.IO.Path.Combine(System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(path))!, name);
            if (!File.Exists(beside))
                throw new FileNotFoundException(
                    $"{path}: its weights lie in '{name}' beside it (external data), and there is no such file; keep both in one folder.", beside);
            hash.AppendData(Encoding.UTF8.GetBytes(name));
            using var stream = File.OpenRead(beside);
            var buffer = new byte[1 << 20];
            for (var read = stream.Read(buffer); read > 0; read = stream.Read(buffer))
                hash.AppendData(buffer.AsSpan(0, read));
        }
        return new OnnxContent(path, bytes, facts, Convert.ToHexStringLower(hash.GetHashAndReset()));
    }
}
