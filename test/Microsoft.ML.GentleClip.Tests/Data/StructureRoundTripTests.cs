using Microsoft.ML.GentleClip.Tests.Runtime;

namespace Microsoft.ML.GentleClip.Tests.Data;

/// <summary>Real chains, written in each format and read back through the catalog.</summary>
[TestClass]
public sealed class StructureRoundTripTests
{
    private static readonly MLContext Context = new(seed: 1);

    [TestMethod]
    [DataRow(false, false)]
    [DataRow(false, true)]
    [DataRow(true, false)]
    [DataRow(true, true)]
    public void EveryChainComesBack(bool cif, bool gzip)
    {
        using var folder = new TemporaryFolder();
        foreach (var chain in SampleChain.All)
        {
            var (name, text) = cif ? ($"{chain.Entry}.cif", StructureText.CifOf(chain)) : ($"pdb{chain.Entry}.ent", StructureText.PdbOf(chain));
            _ = gzip ? folder.WriteGzip($"{name}.gz", text) : folder.Write(name, text);
        }

        var rows = Context.Data.CreateEnumerable<ChainRow>(Context.Data.LoadProteinStructures(folder.FullName), reuseRowObject: false).ToList();
        Assert.HasCount(24, rows);
        foreach (var (row, chain) in rows.Zip(SampleChain.All.OrderBy(chain => chain.Entry, StringComparer.Ordinal)))
        {
            Assert.AreEqual($"{(cif ? "" : "pdb")}{chain.Entry}_{chain.Chain}", row.Identifier);
            Assert.AreEqual(chain.Chain, row.Chain);
            Assert.AreEqual(chain.Sequence, row.Sequence);
            Assert.AreEqual(chain.Sequence, row.FullSequence);
            CollectionAssert.AreEqual(chain.AlphaCarbons, row.AlphaCarbons, row.Identifier);
            CollectionAssert.AreEqual(Enumerable.Range(chain.FirstNumber, chain.Sequence.Length).Select(number => $"{number}").ToArray(),
                row.ResidueNumbers, row.Identifier);
        }
    }
}
