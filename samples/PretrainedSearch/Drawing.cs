using System.IO.Compression;

namespace PretrainedSearch;

/// <summary>A drawing with its words.</summary>
/// <param name="Name">Its English name.</param>
/// <param name="Keywords">What people look for it by.</param>
/// <param name="Group">What kind of thing it shows.</param>
/// <param name="Subgroup">The same, finer.</param>
/// <param name="Content">Of the picture file.</param>
internal sealed record Drawing(string Name, IReadOnlyList<string> Keywords, string Group, string Subgroup, byte[] Content)
{
    /// <summary>Drawings that come with the sample.</summary>
    public const int Count = 849;

    private const int TestShare = 4, SplitSeed = 1;

    /// <summary>Name and keywords, as a caption.</summary>
    public string Words => string.Join(", ", Texts);

    /// <summary>Name and keywords, each for itself.</summary>
    public IEnumerable<string> Texts => Keywords.Prepend(Name);

    /// <summary>How many of so many drawings are learnt from.</summary>
    public static int TrainOf(int drawings) => drawings - drawings / TestShare;

    /// <summary>The drawings that come with the sample: a quarter, the same for every seed, is held out.</summary>
    /// <param name="most">How many are used, the first of a fixed order.</param>
    public static (Drawing[] Train, Drawing[] Test) Read(int most)
    {
        string folder = Path.Combine(AppContext.BaseDirectory, "drawings");
        using var pictures = ZipFile.OpenRead(Path.Combine(folder, "pictures.zip"));
        Drawing[] all = [.. File.ReadLines(Path.Combine(folder, "emoji.tsv")).Skip(1).Select(line => line.Split('\t')).Select(cells =>
        {
            using var content = new MemoryStream();
            using (var entry = pictures.GetEntry(cells[0] + ".webp")!.Open())
                entry.CopyTo(content);
            string[] keywords = [.. cells[3].Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(Spoken)];
            return new Drawing(cells[2], keywords, Spoken(cells[4]), Spoken(cells[5]), content.ToArray());
        })];
        new Random(SplitSeed).Shuffle(all);
        all = all[..Math.Min(most, all.Length)];
        return (all[(all.Length / TestShare)..], all[..(all.Length / TestShare)]);
    }

    private static string Spoken(string text) => text.Replace('_', ' ').Replace('-', ' ');
}
