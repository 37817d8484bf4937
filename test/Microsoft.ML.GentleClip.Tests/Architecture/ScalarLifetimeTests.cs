using Microsoft.ML.GentleClip.Runtime;
using Mono.Cecil;
using TorchSharp;

namespace Microsoft.ML.GentleClip.Tests.Architecture;

/// <summary>
/// A number that becomes a <c>TorchSharp.Scalar</c> by the implicit conversion may be freed by a garbage collection while native code
/// reads it. The library takes its scalars from <see cref="Scalars"/> alone, and calls nothing of TorchSharp that converts inside.
/// </summary>
[TestClass]
public sealed class ScalarLifetimeTests
{
    private static readonly TemporaryScalars Checker = new(Read(typeof(torch).Assembly.Location, symbols: false));

    [TestMethod]
    public void LibraryMakesNoTemporaryScalar()
    {
        var found = Read(typeof(GentleClipOptions).Assembly.Location, symbols: true).GetTypes()
            .Where(type => type.FullName != typeof(Scalars).FullName)
            .SelectMany(Checker.CallsIn).ToList();
        Assert.IsEmpty(found, $"{found.Count} calls; use {nameof(Scalars)} (docs/native-runtime.md):\n{string.Join('\n', found)}");
    }

    private static ModuleDefinition Read(string path, bool symbols)
    {
        var resolver = new DefaultAssemblyResolver();
        resolver.AddSearchDirectory(AppContext.BaseDirectory);
        return ModuleDefinition.ReadModule(path, new ReaderParameters { AssemblyResolver = resolver, ReadSymbols = symbols });
    }
}
