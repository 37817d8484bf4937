using TorchSharp;

namespace Microsoft.ML.GentleClip.Tests.Runtime;

[TestClass]
public sealed class TorchNativeLibraryTests
{
    [TestMethod]
    public void TorchComputes()
    {
        using var scope = torch.NewDisposeScope();
        var product = torch.arange(6, torch.float32).reshape(2, 3).matmul(torch.ones(3, 1));
        CollectionAssert.AreEqual(new[] { 3f, 12f }, product.data<float>().ToArray());
    }
}
