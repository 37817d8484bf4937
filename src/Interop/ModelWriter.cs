using System.Security.Cryptography;
using Microsoft.ML.GentleClip.Runtime;

namespace Microsoft.ML.GentleClip.Interop;

/// <summary>Writes named binary entries beside a component's header in the model archive.</summary>
internal sealed class ModelWriter(ModelSaveContext context)
{
    /// <summary>What is added to an entry's name for its SHA-256, 32 bytes: the archive's own checksums are not looked at when it is read.</summary>
    public const string Digest = ".sha256";

    /// <summary>Writes one entry, and its digest beside it.</summary>
    public void WriteEntry(string name, Action<Stream> write)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        context.SaveBinaryStream(name, writer =>
        {
            writer.Flush();
            using var hashing = new HashingStream(writer.BaseStream, hash);
            write(hashing);
        });
        context.SaveBinaryStream(name + Digest, writer => writer.Write(hash.GetHashAndReset()));
    }

    /// <summary>Writes a trained model of ML.NET's into a folder of its own.</summary>
    public void WriteModel(string name, BinaryModel model) => context.SaveModel(model.Mapper, name);
}
