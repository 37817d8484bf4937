using System.Text;
using Microsoft.ML.GentleClip.Options;

namespace Microsoft.ML.GentleClip.Reliability;

/// <summary>WordPiece vocabularies, one token a line.</summary>
internal sealed class VocabularyFormat(string folder) : FuzzFormat
{
    private static readonly byte[][] Tokens =
        [.. new[] { "\n", "\r\n", "\r", "[PAD]", "[UNK]\n", "[CLS]", "[SEP]", "[MASK]", "##", " ", "\t", "\0", "\uFEFF", "é", "\u2028", new string('x', 300) }
            .Select(Encoding.UTF8.GetBytes), [0xFF, 0xFE], [0xC3]];
    private static readonly byte[] Sound = Encoding.UTF8.GetBytes(
        "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n"
            + string.Join('\n', Enumerable.Range(0, 26).SelectMany(i => new[] { $"{(char)('a' + i)}", $"##{(char)('a' + i)}" })) + "\nword\n##ing\n中\n");
    private readonly string _path = Path.Combine(folder, "vocab.txt");

    public override string Name => "vocab";

    public override int Weight => 70;

    public override byte[] Make(Random random) => new ByteMutator(random, Tokens).Mutate(Sound, Sound);

    public override void Read(byte[] file)
    {
        File.WriteAllBytes(_path, file);
        var tokens = TokenList.Read(_path);
        if (tokens.Count > file.Length || tokens.Any(string.IsNullOrWhiteSpace))
            throw new LossException("Tokens that are not in the file.");
        // What is read can be used.
        _ = new BertEncoderOptions { Vocabulary = tokens };
    }
}
