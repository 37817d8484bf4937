namespace Microsoft.ML.GentleClip.Runtime;

/// <summary>
/// Which process computes which parts of a whole, such as the shards of a batch: each has as many as every other, and these are neighbours.
/// </summary>
/// <param name="Count">Number of parts, a multiple of the number of processes.</param>
/// <param name="Group">The processes.</param>
internal readonly record struct OwnedParts(int Count, ProcessGroup Group)
{
    /// <summary>Parts of each process.</summary>
    public int PerProcess => Count / Group.Size;

    /// <summary>The first part of this process.</summary>
    public int First => Group.Rank * PerProcess;

    /// <summary>The parts of this process, in their order.</summary>
    public IEnumerable<int> Own => Enumerable.Range(First, PerProcess);

    /// <summary>The process that has a part.</summary>
    public int RankOf(int part) => part / PerProcess;

    /// <summary>Whether this process has a part.</summary>
    public bool IsOwn(int part) => RankOf(part) == Group.Rank;
}
