using System.Runtime.ExceptionServices;
using System.Security.Cryptography;
using Microsoft.ML.GentleClip.Runtime;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.GentleClip.Interop;

/// <summary>Reads named binary entries beside a component's header in the model archive.</summary>
internal sealed class ModelReader(ModelLoadContext context)
{
    /// <summary>Reads one entry from its stream, which is open only during the call.</summary>
    /// <exception cref="FormatException">The archive lacks the entry, or it is not what was saved.</exception>
    public void ReadEntry(string name, Action<Stream> read)
    {
        byte[]? expected = null;
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        // Archives of before have no digests.
        if (!context.InRepository || (context.TryLoadBinaryStream(name + ModelWriter.Digest, reader => expected = reader.ReadBytes(2 * SHA256.HashSizeInBytes))
            ? !context.TryLoadBinaryStream(name, reader => ReadHashed(reader.BaseStream))
            : !context.TryLoadBinaryStream(name, reader => read(reader.BaseStream))))
            throw new FormatException($"The saved model lacks its entry '{name}'.");

        void ReadHashed(Stream stream)
        {
            Exception? problem = null;
            using var hashing = new HashedReading(stream, hash);
            try
            {
                read(hashing);
            }
            catch (Exception exception) when (exception is FormatException or InvalidDataException)
            {
                problem = exception;
            }
            hashing.CopyTo(Stream.Null);
            if (!hash.GetHashAndReset().AsSpan().SequenceEqual(expected))
                throw new FormatException(
                    $"Entry '{name}' of the saved model is damaged: its content is not what was saved. {problem?.Message}".TrimEnd(), problem);
            if (problem is not null)
                ExceptionDispatchInfo.Throw(problem);
        }
    }

    /// <summary>Reads a trained model of ML.NET's.</summary>
    /// <exception cref="FormatException">The archive lacks the model.</exception>
    public BinaryModel ReadModel(IHostEnvironment environment, string name) =>
        context.LoadModelOrNull<IPredictor, SignatureLoadModel>(environment, out var model, name)
            ? BinaryModel.Of(model)
            : throw new FormatException($"The saved model lacks its model '{name}'.");
}
