using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Runtime;

/// <summary>
/// Gives code that draws from torch's process-wide CPU generator, such as TorchSharp's own layers, numbers that a seed of ours decides. Afterwards that
/// generator is as it was. One user at a time; other threads that draw from it meanwhile disturb both.
/// </summary>
internal sealed class DefaultGenerator : IDisposable
{
    private static readonly Lock Gate = new();

    private readonly Generator _generator = Generator.Default;
    private readonly Tensor _state;

    private DefaultGenerator(long seed)
    {
        _state = _generator.get_state().DetachFromDisposeScope();
        _generator.manual_seed(seed);
    }

    /// <summary>Seeds it until the result is disposed, on the same thread.</summary>
    public static DefaultGenerator Seeded(long seed)
    {
        Gate.Enter();
        try
        {
            return new DefaultGenerator(seed);
        }
        catch
        {
            Gate.Exit();
            throw;
        }
    }

    /// <summary>Puts the state back.</summary>
    public void Dispose()
    {
        try
        {
            _generator.set_state(_state);
            _state.Dispose();
            _generator.Dispose();
        }
        finally
        {
            Gate.Exit();
        }
    }
}
