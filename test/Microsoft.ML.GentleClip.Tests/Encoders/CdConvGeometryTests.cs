using Microsoft.ML.GentleClip.Encoders;
using Microsoft.ML.GentleClip.Modalities;
using static Microsoft.ML.GentleClip.Tests.Encoders.CdConvGolden;

namespace Microsoft.ML.GentleClip.Tests.Encoders;

[TestClass]
public sealed class CdConvGeometryTests
{
    [TestMethod]
    [DataRow("A")]
    [DataRow("B")]
    [DataRow("S23")]
    [DataRow("S9")]
    public void FramesEqualTheReference(string name) =>
        AssertClose(Numbers(Root.GetProperty("chains").GetProperty(name).GetProperty("frames")), CdConvNodes.Of([ChainOf(name)]).Frames, 1e-9, name);

    [TestMethod]
    [DataRow("layer_l5")]
    [DataRow("layer_l11_two_kernel_layers")]
    public void EdgesEqualTheReference(string layer)
    {
        var golden = Root.GetProperty("layers").GetProperty(layer);
        var (config, expected) = (golden.GetProperty("config"), golden.GetProperty("expected"));
        var (radius, size) = (config.GetProperty("r").GetDouble(), config.GetProperty("l").GetInt32());
        var nodes = CdConvNodes.Of(Chains(golden));
        var neighbours = CdConvNeighbours.Search(nodes, radius);
        var lists = expected.GetProperty("neighbours_ball_of_node_ascending").EnumerateArray().Select(Integers).ToArray();
        Assert.HasCount(nodes.Count, lists);
        for (var i = 0; i < lists.Length; i++)
            CollectionAssert.AreEqual(lists[i], neighbours.Sources[neighbours.Starts[i]..neighbours.Starts[i + 1]].ToArray(), $"neighbours of {i}");

        var edges = CdConvEdges.Of(nodes, neighbours, radius, size);
        Assert.AreEqual(expected.GetProperty("number_of_edges").GetInt32(), edges.Smoothing.Length);
        CollectionAssert.AreEqual(Integers(expected.GetProperty("offset_index_histogram")), Array.ConvertAll(edges.EdgesOfOffset, count => (int)count));
        Assert.AreEqual(expected.GetProperty("all_edges_sum_of_smooth").GetDouble(), edges.Smoothing.Sum(), 1e-9);

        // An edge's slot tells which node it belongs to, the slot's source which neighbour it comes from.
        var (targets, sources) = (Integers(expected.GetProperty("edge_target_i")), Integers(expected.GetProperty("edge_source_j")));
        var (features, smooth, offsets) = (Numbers(expected.GetProperty("edge_features_7")), Numbers(expected.GetProperty("edge_smooth")),
            Integers(expected.GetProperty("edge_offset_index")));
        var found = EdgesByNodes(nodes, edges);
        for (var e = 0; e < targets.Length; e++)
        {
            var edge = found[(targets[e], sources[e])];
            AssertClose(features[(7 * e)..(7 * e + 7)], edges.Features.AsSpan(7 * edge, 7), 1e-9, $"features of edge {e}");
            Assert.AreEqual(smooth[e], edges.Smoothing[edge], 1e-9, $"smoothing of edge {e}");
            var before = edges.EdgesOfOffset.Take(offsets[e]).Sum();
            Assert.IsTrue(edge >= before && edge < before + edges.EdgesOfOffset[offsets[e]], $"offset of edge {e}");
        }
        Assert.AreEqual(edges.Smoothing.Length, found.Count);
    }

    [TestMethod]
    [DataRow(CdConvPooling.WithinChains, "group_sound")]
    [DataRow(CdConvPooling.AsPublished, "group_public_code")]
    public void PoolingGroupsEqualTheReference(CdConvPooling reading, string property)
    {
        foreach (var example in Root.GetProperty("pooling_examples").EnumerateArray())
        {
            var (sequence, chain) = (Integers(example.GetProperty("seq")), Integers(example.GetProperty("chain_of_node")));
            var nodes = new CdConvNodes(new double[3 * sequence.Length], new double[9 * sequence.Length], sequence, chain);
            var (pooled, group) = nodes.Pool(reading);
            CollectionAssert.AreEqual(Integers(example.GetProperty(property)), Array.ConvertAll(group, g => (int)g), example.ToString());
            var merges = reading == CdConvPooling.AsPublished && example.GetProperty("public_code_merges_chains").GetBoolean();
            Assert.AreEqual(merges, pooled.Chain.Distinct().Count() < chain.Distinct().Count(), $"chains lost: {example}");
        }
    }

    [TestMethod]
    public void PooledGeometryEqualsTheReference()
    {
        var golden = Root.GetProperty("networks").GetProperty("net3");
        var nodes = CdConvNodes.Of(Chains(golden));
        foreach (var (stage, radius) in new[] { ("pool_after_block_1", 12.0), ("pool_after_block_3", 16.0) })
        {
            var expected = golden.GetProperty("expected").GetProperty(stage);
            (nodes, var group) = nodes.Pool(CdConvPooling.WithinChains);
            AssertClose(Numbers(expected.GetProperty("pos")), nodes.Positions, 1e-9, "positions");
            AssertClose(Numbers(expected.GetProperty("frames")), nodes.Frames, 1e-9, "frames");
            CollectionAssert.AreEqual(Integers(expected.GetProperty("seq")), nodes.Sequence);
            CollectionAssert.AreEqual(Integers(expected.GetProperty("chain_of_node")), nodes.Chain);
            CollectionAssert.AreEqual(Integers(expected.GetProperty("group_of_input_node")), Array.ConvertAll(group, g => (int)g));
            var neighbours = CdConvNeighbours.Search(nodes, radius);
            var lists = expected.GetProperty("neighbours_next_stage").EnumerateArray().Select(Integers).ToArray();
            for (var i = 0; i < lists.Length; i++)
                CollectionAssert.AreEqual(lists[i], neighbours.Sources[neighbours.Starts[i]..neighbours.Starts[i + 1]].ToArray(), $"neighbours of {i}");
        }
    }

    [TestMethod]
    public void StructureInputEqualsTheReference()
    {
        var golden = Root.GetProperty("equation_12");
        foreach (var name in new[] { "chain5", "batch_5_and_3", "length_2", "length_1" })
        {
            var example = golden.GetProperty(name);
            var positions = Numbers(example.GetProperty("pos"));
            var count = positions.Length / 3;
            var chain = example.TryGetProperty("chain_of_node", out var chains) ? Integers(chains) : new int[count];
            var nodes = new CdConvNodes(positions, new double[9 * count], [.. Enumerable.Range(0, count)], chain);
            AssertClose(Numbers(example.GetProperty("structure_input")), nodes.StructureInput(), 1e-9, name);
        }
        AssertClose(Numbers(golden.GetProperty("chain_A").GetProperty("structure_input")), CdConvNodes.Of([ChainOf("A")]).StructureInput(), 1e-9, "chain A");
    }

    [TestMethod]
    public void TheGridFindsWhatAComparisonOfAllPairsFinds()
    {
        var random = new Random(5);
        foreach (var (count, radius) in new[] { (1, 8.0), (2, 8.0), (300, 8.0), (1750, 8.0), (1750, 16.0), (1750, 1e-3), (500, 1e6) })
        {
            var chain = CdConvChains.Random(random, count);
            var nodes = CdConvNodes.Of([chain, CdConvChains.Random(random, 40)]);
            var (grid, scan) = (CdConvNeighbours.Search(nodes, radius, longestScan: 0), CdConvNeighbours.Search(nodes, radius, longestScan: int.MaxValue));
            CollectionAssert.AreEqual(scan.Starts, grid.Starts, $"{count} residues at {radius}");
            CollectionAssert.AreEqual(scan.Sources.ToArray(), grid.Sources.ToArray(), $"{count} residues at {radius}");
            for (var i = 0; i < nodes.Count; i++)
                foreach (var j in grid.Sources[grid.Starts[i]..grid.Starts[i + 1]])
                    Assert.IsTrue(nodes.Chain[i] == nodes.Chain[j], "a neighbour in another chain");
        }
    }

    [TestMethod]
    public void ExtremeCoordinatesAndDuplicatesAreSearched()
    {
        float[] far = [0, 0, 0, 1e30f, 0, 0, 1e30f, 0, 0, -3e38f, 3e38f, 3e38f, 4, 0, 0, 0, 0, 0];
        var nodes = CdConvNodes.Of([new Chain(far)]);
        var (grid, scan) = (CdConvNeighbours.Search(nodes, 8, longestScan: 0), CdConvNeighbours.Search(nodes, 8));
        CollectionAssert.AreEqual(new[] { 0, 3, 5, 7, 8, 11, 14 }, grid.Starts);
        CollectionAssert.AreEqual(scan.Sources.ToArray(), grid.Sources.ToArray());
    }

    [TestMethod]
    public void MemoryGrowsWithTheEdgesAlone()
    {
        var random = new Random(6);
        const double Radius = 8;
        var slots = new Dictionary<int, double>();
        foreach (var count in new[] { 1750, 17500 })
        {
            var chain = CdConvChains.Random(random, count);
            CdConvEdges.Of(CdConvNodes.Of([chain.Slice(0, 400)]), CdConvNeighbours.Search(CdConvNodes.Of([chain.Slice(0, 400)]), Radius), Radius, 21);
            var before = GC.GetAllocatedBytesForCurrentThread();
            var nodes = CdConvNodes.Of([chain]);
            var neighbours = CdConvNeighbours.Search(nodes, Radius);
            var edges = CdConvEdges.Of(nodes, neighbours, Radius, 21);
            var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.IsLessThanOrEqualTo(2L * neighbours.Sources.Length + 8 * count, edges.SourceOfSlot.Length);
            // 72 bytes an edge, a list that doubled on its way, slots; a tenth of the pairs of 1,750 residues would be 3 MB in bytes alone.
            Assert.IsLessThan(160L * neighbours.Sources.Length + 800L * count, allocated, $"{count} residues, {neighbours.Sources.Length} edges");
            slots[count] = (double)allocated / count;
        }
        Assert.IsLessThan(1.5, slots[17500] / slots[1750], "bytes a residue at ten times the length");
    }

    [TestMethod]
    public void OneDenseChainDoesNotWidenTheOthers()
    {
        var same = new Chain(new float[3 * 400]);
        var chains = Enumerable.Range(0, 20).Select(i => CdConvChains.Random(new Random(i), 100)).Append(same).ToArray();
        var nodes = CdConvNodes.Of(chains);
        var neighbours = CdConvNeighbours.Search(nodes, 8);
        var edges = CdConvEdges.Of(nodes, neighbours, 8, 5);
        Assert.IsGreaterThanOrEqualTo(160_000, neighbours.Sources.Length);
        Assert.IsLessThan(1.5, (double)edges.SourceOfSlot.Length / neighbours.Sources.Length);
    }

    [TestMethod]
    public void ShortChainsHaveNoFrames()
    {
        foreach (var length in new[] { 1, 2 })
            Assert.IsTrue(CdConvNodes.Of([CdConvChains.Random(new Random(1), length)]).Frames.All(value => value == 0), $"{length} residues");
        Assert.IsTrue(CdConvNodes.Of([CdConvChains.Random(new Random(1), 3)]).Frames.Any(value => value != 0));
        Assert.IsTrue(CdConvNodes.Of([new Chain(new float[30])]).Frames.All(value => value == 0), "all residues in one place");
    }

    [TestMethod]
    public void ChainsAreChecked()
    {
        void Refuses(string expected, float[] coordinates, byte[]? residues = null)
        {
            var codes = residues is null ? (ReadOnlyMemory<byte>?)null : residues;
            Assert.Contains(expected, Assert.ThrowsExactly<ArgumentException>(() => new Chain(coordinates, codes)).Message);
        }

        Refuses("found 0 numbers", []);
        Refuses("found 4 numbers", [1, 2, 3, 4]);
        Refuses("Residue 1: coordinate y must be finite, found NaN", [1, 2, 3, 4, float.NaN, 6]);
        Refuses("needs as many residues, found 1", [1, 2, 3, 4, 5, 6], [1]);
        Refuses("Residue 1: expected a code from 0 to 20, found 21", [1, 2, 3, 4, 5, 6], [1, 21]);
        Assert.AreEqual(20, Chain.CodeOf('B'));
        Assert.AreEqual(0, Chain.CodeOf('a'));
        Assert.AreEqual(19, Chain.CodeOf('Y'));
    }

    private static Dictionary<(int Target, int Source), int> EdgesByNodes(CdConvNodes nodes, CdConvEdges edges)
    {
        var nodeOfRow = new int[nodes.Count];
        for (var i = 0; i < nodes.Count; i++)
            nodeOfRow[edges.RowOfNode[i]] = i;
        var targetOfSlot = new List<int>();
        var row = 0;
        foreach (var (count, capacity) in edges.Buckets)
            for (var n = 0; n < count; n++, row++)
                targetOfSlot.AddRange(Enumerable.Repeat(nodeOfRow[row], capacity));
        Assert.HasCount(edges.SourceOfSlot.Length, targetOfSlot);
        var found = new Dictionary<(int, int), int>();
        for (var e = 0; e < edges.SlotOfEdge.Length; e++)
            found.Add((targetOfSlot[(int)edges.SlotOfEdge[e]], (int)edges.SourceOfSlot[edges.SlotOfEdge[e]]), e);
        return found;
    }
}
