// Cuts chains.tsv.gz of this folder from the full table: dotnet run --file cut.cs -- FULL.tsv.gz chains.tsv.gz
// The rule stands in README.md beside this file. Nothing is random, so the same table gives the same rows.
using System.Globalization;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;

const int PerClass = 700;
const double MaximumShareOfOneResidue = 0.25, MinimumShareOfStructure = 0.2, ShortestBond = 2.7, LongestBond = 4.2;

using var reader = new StreamReader(new GZipStream(File.OpenRead(args[0]), CompressionMode.Decompress));
string header = reader.ReadLine()!;
var rows = new List<(string Class, string Hash, string Key, string Line)>();
while (reader.ReadLine() is { } line)
{
    string[] columns = line.Split('\t');
    string key = columns[0], sequence = columns[5], dssp = columns[6];
    double helix = Share(dssp, "HGI"), strand = Share(dssp, "EB");
    var bonds = columns[7].Split(' ').Skip(1).Select(Length).ToArray();
    if (sequence.Length is < 60 or > 400
        || sequence.GroupBy(residue => residue).Max(group => group.Count()) > MaximumShareOfOneResidue * sequence.Length
        || helix + strand < MinimumShareOfStructure
        || bonds.Min() < ShortestBond || bonds.Max() > LongestBond)
        continue;
    string foldClass = helix >= 0.4 && strand < 0.1 ? "alpha" : strand >= 0.3 && helix < 0.15 ? "beta" : "mixed";
    rows.Add((foldClass, Convert.ToHexString(SHA256.HashData(Encoding.ASCII.GetBytes(key))), key, line));
}

using var writer = new StreamWriter(new GZipStream(File.Create(args[1]), CompressionLevel.SmallestSize)) { NewLine = "\n" };
writer.WriteLine(header);
foreach (var row in rows.GroupBy(row => row.Class).SelectMany(group => group.OrderBy(row => row.Hash, StringComparer.Ordinal).Take(PerClass))
    .OrderBy(row => row.Key, StringComparer.Ordinal))
    writer.WriteLine(row.Line);

static double Share(string states, string wanted) => states.Count(wanted.Contains) / (double)states.Length;

static double Length(string triple) =>
    Math.Sqrt(triple.Split(',').Sum(part => Math.Pow(double.Parse(part, CultureInfo.InvariantCulture) / 100, 2)));
