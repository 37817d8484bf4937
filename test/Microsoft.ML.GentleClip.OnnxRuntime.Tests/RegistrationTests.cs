using Microsoft.ML.GentleClip.Encoders;
using Registration = Microsoft.ML.GentleClip.OnnxEncoders.Registration;

namespace Microsoft.ML.GentleClip.Tests.OnnxEncoders;

/// <summary>The library finds this package by the names of its towers.</summary>
[TestClass]
public sealed class RegistrationTests
{
    [TestMethod]
    public void EveryKindIsFoundByItsName()
    {
        var package = EncoderPackage.All.Single(package => package.Has(Registration.Prefix));
        Assert.AreEqual(typeof(OnnxImageEncoderOptions).Assembly.GetName().Name, package.Assembly);
        _ = new OnnxImageEncoderOptions();
        EncoderKind[] own = [.. EncoderKinds.All.Where(kind => kind.GetType().Assembly == typeof(OnnxImageEncoderOptions).Assembly)];
        Assert.HasCount(4, own);
        foreach (var kind in own)
        {
            Assert.IsTrue(package.Has(kind.SavedName), kind.SavedName);
            Assert.AreSame(kind, EncoderKinds.Named(kind.SavedName));
        }
    }
}
