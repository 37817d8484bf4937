using System.Text.Json;
using Microsoft.ML.GentleClip.Encoders;

namespace Microsoft.ML.GentleClip.Tests.Encoders;

/// <summary>Encoders of packages that the application has not got.</summary>
[TestClass]
public sealed class EncoderPackageTests
{
    [TestMethod]
    public void TheErrorNamesThePackage()
    {
        var error = Assert.ThrowsExactly<JsonException>(() => EncoderKinds.Named("onnxRuntime.image"));
        StringAssert.Contains(error.Message, "in the package Microsoft.ML.GentleClip.OnnxRuntime");
        StringAssert.Contains(error.Message, "add it");
    }

    [TestMethod]
    public void OtherNamesLoadNothing()
    {
        var before = AppDomain.CurrentDomain.GetAssemblies().Length;
        var error = Assert.ThrowsExactly<JsonException>(() => EncoderKinds.Named("Some.Assembly.image"));
        StringAssert.Contains(error.Message, "expected one of 'vector'");
        Assert.HasCount(before, AppDomain.CurrentDomain.GetAssemblies());
    }
}
