using Microsoft.ML.Runtime;

namespace Microsoft.ML.GentleClip.Interop;

/// <summary>What a component offers to be loaded by <see cref="ModelLoader{T}"/>.</summary>
internal interface ILoadable<TSelf>
{
    /// <summary>Format that the component reads.</summary>
    static abstract ModelFormat LoadableFormat { get; }

    /// <summary>Builds the component from its entries.</summary>
    static abstract TSelf Load(IHostEnvironment environment, ModelReader reader);
}

/// <summary>The loader that ML.NET finds by name and signature for a saved <typeparamref name="T"/>.</summary>
internal static class ModelLoader<T> where T : SaveableTransformer, ILoadable<T>
{
    // found by ML.NET by name and signature
    private static T Create(IHostEnvironment env, ModelLoadContext ctx)
    {
        MlNetVersion.EnsureSupported();
        ctx.CheckAtModel(T.LoadableFormat.ToVersionInfo());
        return T.Load(env, new ModelReader(ctx));
    }
}
