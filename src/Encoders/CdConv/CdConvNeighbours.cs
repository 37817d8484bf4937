using System.Runtime.InteropServices;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>
/// Pairs of nodes of the same chain that are nearer than a radius, each node with itself included: those of node i are
/// <c>Sources[Starts[i]..Starts[i + 1]]</c>, ascending. Memory beyond the pairs is linear in the nodes.
/// </summary>
internal sealed class CdConvNeighbours
{
    // A scan of a short chain is faster than looking up 27 cells for each node; both give the same pairs.
    private const int LongestScan = 256;

    private readonly List<int> _sources = [];

    private CdConvNeighbours(int count) => Starts = new int[count + 1];

    /// <summary>Where each node's neighbours start; one more than nodes.</summary>
    public int[] Starts { get; }

    /// <summary>The neighbours.</summary>
    public ReadOnlySpan<int> Sources => CollectionsMarshal.AsSpan(_sources);

    /// <summary>Searches every chain.</summary>
    /// <param name="nodes">Where to.</param>
    /// <param name="radius">Angstrom; a pair at exactly this distance is none.</param>
    /// <param name="longestScan">Chains of more nodes are searched through a grid of cells as wide as the radius.</param>
    public static CdConvNeighbours Search(CdConvNodes nodes, double radius, int longestScan = LongestScan)
    {
        var neighbours = new CdConvNeighbours(nodes.Count);
        for (int start = 0, end; start < nodes.Count; start = end)
        {
            end = nodes.EndOfChain(start);
            if (end - start <= longestScan)
                neighbours.Scan(nodes.Positions, start, end, radius * radius);
            else
                neighbours.SearchCells(nodes.Positions, start, end, radius);
        }
        return neighbours;
    }

    private void Scan(double[] positions, int start, int end, double squaredRadius)
    {
        for (var i = start; i < end; i++)
        {
            for (var j = start; j < end; j++)
                if (i == j || SquaredDistance(positions, i, j) < squaredRadius)
                    _sources.Add(j);
            Starts[i + 1] = _sources.Count;
        }
    }

    private void SearchCells(double[] positions, int start, int end, double radius)
    {
        // Each cell is a list through the nodes: its last one, and from each to the one before.
        var last = new Dictionary<(long, long, long), int>(end - start);
        var before = new int[end - start];
        for (var i = start; i < end; i++)
        {
            ref var cell = ref CollectionsMarshal.GetValueRefOrAddDefault(last, CellOf(positions, i, radius), out var found);
            before[i - start] = found ? cell : -1;
            cell = i;
        }
        for (var i = start; i < end; i++)
        {
            var first = _sources.Count;
            var (x, y, z) = CellOf(positions, i, radius);
            for (var neighbour = 0; neighbour < 27; neighbour++)
            {
                var key = (x + neighbour / 9 - 1, y + neighbour / 3 % 3 - 1, z + neighbour % 3 - 1);
                if (!last.TryGetValue(key, out var j))
                    continue;
                for (; j >= 0; j = before[j - start])
                    if (i == j || SquaredDistance(positions, i, j) < radius * radius)
                        _sources.Add(j);
            }
            CollectionsMarshal.AsSpan(_sources)[first..].Sort();
            Starts[i + 1] = _sources.Count;
        }
    }

    private static (long, long, long) CellOf(double[] positions, int node, double radius) =>
        (Cell(positions[3 * node], radius), Cell(positions[3 * node + 1], radius), Cell(positions[3 * node + 2], radius));

    // Within a long with room to spare; what lies beyond shares the outermost cell, which costs time and no pair.
    private static long Cell(double position, double radius) => (long)Math.Clamp(Math.Floor(position / radius), -1e15, 1e15);

    private static double SquaredDistance(double[] positions, int i, int j)
    {
        var (dx, dy, dz) = (positions[3 * j] - positions[3 * i], positions[3 * j + 1] - positions[3 * i + 1], positions[3 * j + 2] - positions[3 * i + 2]);
        return dx * dx + dy * dy + dz * dz;
    }
}
