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
        foreach (var record in FastaReader.Read(lines))
            if (record.Identifier.Length == 0 || record.Sequence.Length == 0 || !record.Sequence.All(char.IsAsciiLetterUpper))
                throw new LossException($"'{record.Identifier}' is no sound record.");
    }
}
