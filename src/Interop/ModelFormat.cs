namespace Microsoft.ML.GentleClip.Interop;

/// <summary>Identity and version of a saved component.</summary>
/// <param name="ModelSignature">Exactly 8 characters.</param>
/// <param name="LoaderSignature">At most 24 characters; the name under which the loader is registered.</param>
/// <param name="Written">Version that is written, 0xMMMMmmmm.</param>
/// <param name="Readable">Oldest reader that can read what is written.</param>
/// <param name="ReadBack">Oldest version that this reader can read.</param>
internal sealed record ModelFormat(string ModelSignature, string LoaderSignature, uint Written, uint Readable, uint ReadBack)
{
    /// <summary>
    /// ML.NET's form. The assembly name is what lets a fresh process find the loader by itself; without a version, as the format's is what counts.
    /// </summary>
    public VersionInfo ToVersionInfo() => new(
        modelSignature: ModelSignature,
        verWrittenCur: Written,
        verReadableCur: Readable,
        verWeCanReadBack: ReadBack,
        loaderSignature: LoaderSignature,
        loaderAssemblyName: typeof(ModelFormat).Assembly.GetName().Name);
}
