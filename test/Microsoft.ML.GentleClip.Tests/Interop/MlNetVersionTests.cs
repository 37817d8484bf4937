using Microsoft.ML.GentleClip.Interop;

namespace Microsoft.ML.GentleClip.Tests.Interop;

[TestClass]
public sealed class MlNetVersionTests
{
    [TestMethod]
    public void TheVersionInUseIsRead() => Assert.AreEqual(new Version(5, 0, 1), MlNetVersion.Current);

    [TestMethod]
    [DataRow("5.0.1")]
    [DataRow("5.9.0")]
    public void FivePointAnythingIsSupported(string version) => MlNetVersion.EnsureSupported(Version.Parse(version));

    [TestMethod]
    [DataRow("4.0.2")]
    [DataRow("6.0.0")]
    public void OtherVersionsAreRefusedInWords(string version)
    {
        var error = Assert.ThrowsExactly<NotSupportedException>(() => MlNetVersion.EnsureSupported(Version.Parse(version)));
        StringAssert.Contains(error.Message, $"works with Microsoft.ML 5.x, found {version}");
    }
}
