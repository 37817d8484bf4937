using Microsoft.ML.GentleClip.Tests.Models;
using Microsoft.ML.GentleClip.Tests.Runtime;
using TorchSharp;

namespace Microsoft.ML.GentleClip.Tests.Estimators;

/// <summary>Nothing is read from memory before it is written: a training goes through where all memory that is given out held NaNs.</summary>
[TestClass]
[DoNotParallelize]
public sealed class UninitialisedMemoryTests : IDisposable
{
    private readonly MLContext _mlContext = new(seed: 1);
    private readonly TemporaryFolder _folder = new();

    public UninitialisedMemoryTests() => torch.set_num_threads(1);

    public void Dispose() => _folder.Dispose();

    [TestMethod]
    [DynamicData(nameof(Names))]
    public void MemoryThatHeldNaNsDoesNoHarm(string name)
    {
        FrozenModels.WritePictures(_folder.FullName);
        var (options, train, _) = FrozenModels.Recipe(name, _folder.FullName);
        for (var repetition = 0; repetition < 5; repetition++)
        {
            Poison();
            using var model = _mlContext.Transforms.GentleClip(options).Fit(train);
        }
    }

    public static IEnumerable<object[]> Names => FrozenModels.Names.Select(name => new object[] { name });

    // Memory of many sizes is filled and given back, so that it is what the next tensors and the scratch of products and convolutions get.
    private static void Poison()
    {
        // glibc gives freed blocks of that size back to the system only once: later ones come from its heap, as they were left.
        for (var repetition = 0; repetition < 2; repetition++)
            torch.zeros(7 << 20).Dispose();
        using var scope = torch.NewDisposeScope();
        for (var size = 4L; size <= 1 << 22; size += Math.Max(4, size / 4))
        {
            for (var copy = 0; copy < (size > 1 << 16 ? 2 : 12); copy++)
                torch.full(size, float.NaN);
        }
    }
}
