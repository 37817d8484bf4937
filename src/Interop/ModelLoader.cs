using System.Globalization;
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
        CheckVersion(ctx.Header);
        ctx.CheckAtModel(T.LoadableFormat.ToVersionInfo());
        return T.Load(env, new ModelReader(ctx));
    }

    // Before ML.NET's own check, which says no more than that the versions do not fit. Damage of another kind is left to that one.
    private static void CheckVersion(ModelHeader header)
    {
        var format = T.LoadableFormat;
        if (header.ModelSignature != format.ToVersionInfo().ModelSignature
            || (header.ModelVerReadable <= format.Written && header.ModelVerWritten >= format.ReadBack))
            return;
        throw new FormatException(
            $"The saved {format.LoaderSignature} has format {Text(header.ModelVerWritten)}; this version of Microsoft.ML.GentleClip reads formats "
                + $"{Text(format.ReadBack)} to {Text(format.Written)}. "
            + (header.ModelVerWritten > format.Written ? "Load it with a newer Microsoft.ML.GentleClip."
                : "It is older than any that was released, or damaged."));

        static string Text(uint version) => string.Create(CultureInfo.InvariantCulture, $"{version >> 16}.{version & 0xFFFF}");
    }
}
