using Microsoft.ML.GentleClip.Data;

namespace Microsoft.ML.GentleClip.Reliability;

/// <summary>FASTA files, plain and packed.</summary>
internal sealed class FastaFormat : FuzzFormat
{
    public override string Name => "fasta";

    public override int Weight => 150;

    // A packed file may unpack to a thousand times its size; the reader's own limit is what bounds it.
    public override byte[] Make(Random random) => ProteinTexts.Mutated(ProteinTexts.Fasta, random);

    public override void Read(byte[] file)
    {
        using var lines = ProteinTexts.Lines(file);
        var options = new FastaLoadOptions
        {
            BadFiles = (BadFileHandling)(file.Length % 2),
            Gaps = (FastaGapHandling)(file.Length / 2 % 2),
            Insertions = (FastaInsertionHandling)(file.Length / 4 % 2),
            InnerStops = (FastaStopHandling)(file.Length % 3),
        };
        var reader = new FastaReader(lines, options, new("broken"));
        while (reader.TryRead())
        {
            var isSound = reader.Sequence.Length > 0 && reader.Description is not null;
            foreach (var letter in reader.Sequence)
                isSound &= letter is >= (byte)'A' and <= (byte)'Z' || (letter == '-' && options.Gaps == FastaGapHandling.Keep);
            if (!isSound)
                throw new LossException($"'{reader.Identifier}' is no sound record.");
        }
    }
}
