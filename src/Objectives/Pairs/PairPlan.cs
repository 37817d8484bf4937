using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Objectives;

/// <summary>What is computed: requests in the order of their matrices, those of distances before others.</summary>
internal sealed record PairPlan(IReadOnlyList<PairRequest> Requests, int BlockSize, PairWorkspace? Workspace, object Owner, PairShare? Share = null)
{
    // Whole matrices stay from forward to backward up to so many numbers in all, 21 MB in float32; above they are computed again.
    private const long MostKept = 5L * 1024 * 1024;

    /// <summary>Numbers of a request's result.</summary>
    public static long Length(PairRequest request, Tensor a, Tensor b)
    {
        var (n, m) = Size(request.Matrix, a, b);
        return request.Length(n, m);
    }

    /// <summary>Whether whole matrices stay from forward to backward.</summary>
    public bool Keeps(Tensor a, Tensor b) => Workspace is not null && Requests.Select(request => request.Matrix).Distinct().Sum(matrix =>
    {
        var (n, m) = Size(matrix, a, b);
        return n * m;
    }) <= MostKept;

    /// <summary>Rows of a request's matrix.</summary>
    public static long Rows(PairRequest request, Tensor a, Tensor b) => Size(request.Matrix, a, b).Rows;

    private static (long Rows, long Columns) Size(PairMatrix matrix, Tensor a, Tensor b) => matrix switch
    {
        PairMatrix.A or PairMatrix.SecondViewsA => (a.size(0), a.size(0)),
        PairMatrix.B or PairMatrix.SecondViewsB => (b.size(0), b.size(0)),
        _ => (a.size(0), b.size(0)),
    };
}
