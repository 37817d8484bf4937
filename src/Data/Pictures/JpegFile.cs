using System.Buffers.Binary;
using System.Globalization;

namespace Microsoft.ML.GentleClip.Data.Pictures;

/// <summary>Walks the segments and scans of a JPEG file. Its data have no checksum; what is checked is that each part follows the one before, up to
/// the end marker.</summary>
internal static class JpegFile
{
    private const byte Start = 0xD8, End = 0xD9, StartOfScan = 0xDA, LineCount = 0xDC, Exif = 0xE1, FirstRestart = 0xD0, LastRestart = 0xD7;

    /// <summary>The first bytes.</summary>
    public static ReadOnlySpan<byte> Signature => [0xFF, Start, 0xFF];

    /// <summary>Fills in what the file says; returns what is wrong with it.</summary>
    public static string? Scan(ReadOnlySpan<byte> file, PictureFacts facts)
    {
        var (at, hasFrame, hasScan) = (2, false, false);
        while (true)
        {
            if (at >= file.Length)
                return CutBeforeTheEnd(file, hasScan);
            if (file[at] != 0xFF)
                return PictureFacts.Damaged(at, $"expected a marker, found {Hex(file[at])}");
            while (at < file.Length && file[at] == 0xFF)
                at++;
            if (at >= file.Length)
                return CutBeforeTheEnd(file, hasScan);
            var marker = file[at++];
            if (marker == End)
                return hasScan ? null : PictureFacts.Damaged(at - 2, "the picture ends before its data");
            if (marker is < 0xC0 or >= FirstRestart and <= Start)
                return PictureFacts.Damaged(at - 2, $"marker {Hex(marker)} is not expected there");
            if (at + 2 > file.Length)
                return PictureFacts.CutShort(file.Length, $"inside the segment {Hex(marker)}");
            var length = BinaryPrimitives.ReadUInt16BigEndian(file[at..]);
            if (length < 2)
                return PictureFacts.Damaged(at, $"a segment of {length} bytes");
            if (at + length > file.Length)
                return PictureFacts.CutShort(file.Length, $"inside the segment {Hex(marker)}");
            var segment = file.Slice(at + 2, length - 2);
            if (IsFrame(marker))
            {
                if (segment.Length < 6 || segment.Length != 6 + 3 * segment[5] || hasFrame)
                    return PictureFacts.Damaged(at, hasFrame ? "a second frame header" : "a frame header of a wrong length");
                facts.Height = BinaryPrimitives.ReadUInt16BigEndian(segment[1..]);
                facts.Width = BinaryPrimitives.ReadUInt16BigEndian(segment[3..]);
                hasFrame = true;
            }
            else if (marker == LineCount && segment.Length == 2 && facts.Height == 0)
                facts.Height = BinaryPrimitives.ReadUInt16BigEndian(segment);
            else if (marker == Exif && segment.StartsWith("Exif\0\0"u8))
                facts.ReadExif(segment);
            at += length;
            if (marker != StartOfScan)
                continue;
            if (!hasFrame)
                return PictureFacts.Damaged(at - length, "a scan without a frame header");
            if (SkipScan(file, ref at) is { } problem)
                return problem;
            hasScan = true;
        }
    }

    // To the marker after a scan's data. Within them, FF is followed by 0 (a data byte) or is a restart marker, and those count from 0 to 7 and again.
    private static string? SkipScan(ReadOnlySpan<byte> file, ref int at)
    {
        var restart = FirstRestart;
        while (true)
        {
            var step = file[at..].IndexOf((byte)0xFF);
            if (step < 0 || at + step + 1 >= file.Length)
                return CutBeforeTheEnd(file, hasScan: true);
            at += step;
            var next = file[at + 1];
            if (next is >= FirstRestart and <= LastRestart)
            {
                if (next != restart)
                    return PictureFacts.Damaged(at,
                        string.Create(CultureInfo.InvariantCulture, $"restart marker {next - FirstRestart}, expected {restart - FirstRestart}"));
                restart = restart == LastRestart ? FirstRestart : (byte)(restart + 1);
                at += 2;
            }
            else if (next == 0)
                at += 2;
            else if (next == 0xFF)
                at++; // a fill byte
            else
                return null;
        }
    }

    private static bool IsFrame(byte marker) => marker is >= 0xC0 and <= 0xCF and not (0xC4 or 0xC8 or 0xCC);

    private static string CutBeforeTheEnd(ReadOnlySpan<byte> file, bool hasScan) =>
        PictureFacts.CutShort(file.Length, hasScan ? "without the end marker FF D9" : "before the picture's data");

    private static string Hex(byte value) => value.ToString("X2", CultureInfo.InvariantCulture);
}
