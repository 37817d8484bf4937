using System.Reflection;

namespace Microsoft.ML.GentleClip.Reliability;

/// <summary>A kind of file that the library reads.</summary>
internal abstract class FuzzFormat
{
    /// <summary>As the command line calls it.</summary>
    public abstract string Name { get; }

    /// <summary>Share of the files that are of this format.</summary>
    public abstract int Weight { get; }

    /// <summary>What a reader may throw at a broken file; see docs/reliability.md.</summary>
    public virtual IReadOnlyList<Type> Documented => [typeof(InvalidDataException)];

    /// <summary>Whether it is documented. ML.NET wraps what the loader of a component throws.</summary>
    public bool IsDocumented(Exception problem) =>
        Documented.Contains(problem.GetType()) || (problem is TargetInvocationException { InnerException: { } inner } && Documented.Contains(inner.GetType()));

    /// <summary>Why this format is not tried, or null.</summary>
    public virtual string? Skipped => null;

    /// <summary>
    /// Bytes that reading a file of a length may take from the managed heap, all allocations summed: the file's own, several times over, and what any reading
    /// takes.
    /// </summary>
    public virtual long Justified(int length) => (1L << 20) + 64L * length;

    /// <summary>
    /// Whether reading builds a model. TorchSharp's counter of live tensors never takes back a module's parameters, so that resident memory tells there whether
    /// something stays.
    /// </summary>
    public virtual bool BuildsModels => false;

    /// <summary>A broken file.</summary>
    public abstract byte[] Make(Random random);

    /// <summary>Reads it as the library does, and checks what it reads.</summary>
    public abstract void Read(byte[] file);

    /// <summary>Looks at the end for what must not have happened.</summary>
    /// <exception cref="LossException">It has.</exception>
    public virtual void Finish()
    {
    }
}
