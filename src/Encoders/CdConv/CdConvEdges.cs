namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>
/// The edges of a stage, neighbour j to node i, laid out for the convolution. Edges stand in the order of their offset along the
/// sequence, so that each weight network reads one run of rows. Nodes are dealt into buckets by their number of neighbours; a node
/// has as many slots as its bucket's capacity, so that a bucket's sums are one batched matrix product and memory stays linear in the edges.
/// </summary>
internal sealed class CdConvEdges
{
    /// <summary>Geometric features of an edge.</summary>
    public const int FeatureCount = 7;

    private const double DistanceOffset = 1e-9; // the public code's, against a division by zero

    private CdConvEdges(int nodes, int edges, int offsets)
    {
        Features = new double[(long)edges * FeatureCount];
        Smoothing = new double[edges];
        SlotOfEdge = new long[edges];
        EdgesOfOffset = new long[offsets];
        RowOfNode = new long[nodes];
    }

    /// <summary>Unit vector to j in i's frame (3), cosines between the frames' b, n and o (3), distance in angstrom.</summary>
    public double[] Features { get; }

    /// <summary>Factor that fades an edge out near the radius and the outermost offset.</summary>
    public double[] Smoothing { get; }

    /// <summary>Number of edges of each offset.</summary>
    public long[] EdgesOfOffset { get; }

    /// <summary>Where an edge's weights belong.</summary>
    public long[] SlotOfEdge { get; }

    /// <summary>The node whose features a slot takes; a slot without an edge, its own node.</summary>
    public long[] SourceOfSlot { get; private set; } = [];

    /// <summary>Nodes and slots a node of each bucket.</summary>
    public List<(int Nodes, int Capacity)> Buckets { get; } = [];

    /// <summary>Place of a node in the order of the buckets.</summary>
    public long[] RowOfNode { get; }

    /// <summary>Lays out a stage's neighbourhoods.</summary>
    public static CdConvEdges Of(CdConvNodes nodes, CdConvNeighbours neighbours, double radius, int kernelSize)
    {
        var edges = new CdConvEdges(nodes.Count, neighbours.Sources.Length, kernelSize);
        var firstSlots = edges.FillBuckets(neighbours.Starts);
        edges.FillEdges(nodes, neighbours, firstSlots, radius, kernelSize / 2);
        return edges;
    }

    private long[] FillBuckets(int[] starts)
    {
        var nodesOf = new SortedDictionary<int, int>();
        for (var i = 0; i < RowOfNode.Length; i++)
        {
            var capacity = CapacityFor(starts[i + 1] - starts[i]);
            nodesOf[capacity] = nodesOf.GetValueOrDefault(capacity) + 1;
        }
        var next = new Dictionary<int, (long Row, long Slot)>();
        var (row, slot) = (0L, 0L);
        foreach (var (capacity, count) in nodesOf)
        {
            Buckets.Add((count, capacity));
            next[capacity] = (row, slot);
            row += count;
            slot += (long)count * capacity;
        }
        SourceOfSlot = new long[slot];
        var firstSlots = new long[RowOfNode.Length];
        for (var i = 0; i < RowOfNode.Length; i++)
        {
            var capacity = CapacityFor(starts[i + 1] - starts[i]);
            (RowOfNode[i], firstSlots[i]) = next[capacity];
            next[capacity] = (RowOfNode[i] + 1, firstSlots[i] + capacity);
            SourceOfSlot.AsSpan((int)firstSlots[i], capacity).Fill(i);
        }
        return firstSlots;
    }

    private void FillEdges(CdConvNodes nodes, CdConvNeighbours neighbours, long[] firstSlots, double radius, int span)
    {
        var starts = neighbours.Starts;
        var sources = neighbours.Sources;
        for (var i = 0; i < nodes.Count; i++)
            for (var e = starts[i]; e < starts[i + 1]; e++)
                EdgesOfOffset[Offset(nodes, i, sources[e], span) + span]++;
        var next = new int[EdgesOfOffset.Length];
        for (var k = 1; k < next.Length; k++)
            next[k] = next[k - 1] + (int)EdgesOfOffset[k - 1];
        for (var i = 0; i < nodes.Count; i++)
        {
            for (var e = starts[i]; e < starts[i + 1]; e++)
            {
                var offset = Offset(nodes, i, sources[e], span);
                var edge = next[offset + span]++;
                var distance = Describe(nodes, i, sources[e], Features.AsSpan(edge * FeatureCount, FeatureCount));
                Smoothing[edge] = Fade(distance, radius, offset, span);
                SlotOfEdge[edge] = firstSlots[i] + e - starts[i];
                SourceOfSlot[SlotOfEdge[edge]] = sources[e];
            }
        }
    }

    /// <summary>Writes the features of the edge from j to i and returns its length in angstrom.</summary>
    public static double Describe(CdConvNodes nodes, int i, int j, Span<double> features)
    {
        ReadOnlySpan<double> from = nodes.Positions.AsSpan(3 * i, 3), to = nodes.Positions.AsSpan(3 * j, 3);
        ReadOnlySpan<double> own = nodes.Frames.AsSpan(9 * i, 9), other = nodes.Frames.AsSpan(9 * j, 9);
        var (x, y, z) = (to[0] - from[0], to[1] - from[1], to[2] - from[2]);
        var distance = Math.Sqrt(x * x + y * y + z * z);
        var scale = 1 / (distance + DistanceOffset);
        for (var axis = 0; axis < 3; axis++)
        {
            var (a, b, c) = (own[3 * axis], own[3 * axis + 1], own[3 * axis + 2]);
            features[axis] = (a * x + b * y + c * z) * scale;
            features[3 + axis] = a * other[3 * axis] + b * other[3 * axis + 1] + c * other[3 * axis + 2];
        }
        features[6] = distance;
        return distance;
    }

    /// <summary>Factor that fades an edge out near the radius and the outermost offset.</summary>
    public static double Fade(double distance, double radius, int offset, int span) =>
        0.5 - 0.5 * Math.Tanh(16 * (distance / radius) * ((double)Math.Abs(offset) / span) - 14);

    /// <summary>Offset of j from i along the sequence, at most <paramref name="span"/> either way.</summary>
    public static int Offset(CdConvNodes nodes, int i, int j, int span) => Math.Clamp(nodes.Sequence[j] - nodes.Sequence[i], -span, span);

    // 8, 12, 16, 24, 32, 48, ...: at most half of the slots of a node with five neighbours or more are empty.
    private static int CapacityFor(int neighbours)
    {
        for (var capacity = 8; ; capacity *= 2)
        {
            if (neighbours <= capacity)
                return capacity;
            if (neighbours <= capacity / 2 * 3)
                return capacity / 2 * 3;
        }
    }
}
