using Microsoft.ML.GentleClip.Data;

namespace Microsoft.ML.GentleClip.Programs;

/// <summary>Opens files that may be gzipped. A file that was cut off is an error; .NET's own stream ends there without a word.</summary>
public static class GzipFile
{
    /// <summary>The content of a file; its first bytes tell whether it is compressed.</summary>
    /// <param name="path">The file.</param>
    /// <param name="prefix">Before the message about damaged data, such as the file's name where no one adds it.</param>
    /// <param name="isPacked">Whether the file must be compressed; otherwise it may be.</param>
    /// <returns>A stream that throws an <see cref="InvalidDataException"/> where the data is damaged or cut off.</returns>
    /// <exception cref="IOException">The file cannot be opened.</exception>
    public static Stream Open(string path, string prefix = "", bool isPacked = false)
    {
        var file = File.OpenRead(path);
        Span<byte> magic = stackalloc byte[2];
        int read = file.ReadAtLeast(magic, 2, throwOnEndOfStream: false);
        file.Position = 0;
        return isPacked || read == 2 && magic is [0x1F, 0x8B] ? new Packed(new GzipContent(file), prefix) : file;
    }

    private sealed class Packed(GzipContent content, string prefix) : Stream
    {
        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => content.Position;
            set => throw new NotSupportedException();
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override int Read(Span<byte> buffer)
        {
            try
            {
                return content.Read(buffer);
            }
            catch (InvalidDataException problem)
            {
                throw new InvalidDataException($"{prefix}the gzip data is damaged or cut off", problem);
            }
        }

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            if (disposing)
                content.Dispose();
            base.Dispose(disposing);
        }
    }
}
