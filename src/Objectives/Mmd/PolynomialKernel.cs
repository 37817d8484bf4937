namespace Microsoft.ML.GentleClip.Objectives;

/// <summary>The polynomial kernel (gamma &lt;x, y&gt; + offset)^degree / scale. The defaults give k(x, x) = 1 on unit vectors.</summary>
/// <param name="Degree">Positive.</param>
/// <param name="Gamma">Factor of the inner product.</param>
/// <param name="Offset">c; above zero, or degree 2 no longer sees a difference of means.</param>
/// <param name="Scale">Divisor; 1 for the textbook kernel.</param>
internal sealed record PolynomialKernel(int Degree = 2, double Gamma = 1, double Offset = 1, double Scale = 4);
