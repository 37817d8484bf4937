using System.Buffers.Binary;
using static Microsoft.ML.GentleClip.Runtime.ElfImage;

namespace Microsoft.ML.GentleClip.Runtime;

/// <summary>
/// Marks one symbol version that a shared object needs as weak, so that the loader accepts a library without it.
/// Sound only where nothing uses that version's symbols: that is checked first.
/// </summary>
internal static class ElfVersionNeeds
{
    private const ushort WeakFlag = 2;
    private const int NeedSize = 16, SymbolSize = 24, RelocationSize = 24, MaximumNeeds = 4096;
    private const long HashTag = 0x6ffffef5, SymbolsTag = 6, VersionsTag = 0x6ffffff0, NeedsTag = 0x6ffffffe, NeedsCountTag = 0x6fffffff;
    private const long RelocationsTag = 7, RelocationsSizeTag = 8, CallsTag = 23, CallsSizeTag = 2, OtherRelocationsTag = 17;

    /// <summary>
    /// Weakens the need for <paramref name="version"/> in the image, if <paramref name="unusedSymbol"/> is the only symbol of
    /// that version and no relocation uses it.
    /// </summary>
    /// <returns>True when the need is weak afterwards (also when it was before); false with the reason, the image unchanged, otherwise.</returns>
    public static bool TryWeaken(byte[] image, string version, string unusedSymbol, out string? refusal)
    {
        try
        {
            var flags = FindFlags(new ElfImage(new MemoryStream(image, writable: false)), version, unusedSymbol);
            image[flags] |= (byte)WeakFlag;
            refusal = null;
            return true;
        }
        catch (InvalidDataException e)
        {
            refusal = e.Message;
            return false;
        }
    }

    private static long FindFlags(ElfImage elf, string version, string unusedSymbol)
    {
        var (flags, index) = FindNeed(elf, version);
        // In a GNU hash table the symbols that the file asks for come first, those that it offers from this position on.
        var symbolCount = (int)Math.Min(U32(elf.ReadAt(elf.RequiredEntry(HashTag), 16), 4), int.MaxValue / SymbolSize);
        var versions = elf.ReadAt(elf.RequiredEntry(VersionsTag), symbolCount * 2L);
        var symbols = elf.ReadAt(elf.RequiredEntry(SymbolsTag), (long)symbolCount * SymbolSize);
        var ofVersion = Enumerable.Range(0, symbolCount).Where(symbol => (U16(versions, symbol * 2) & 0x7fff) == index).ToHashSet();
        var names = ofVersion.Select(symbol => elf.NameAt(U32(symbols, symbol * SymbolSize))).ToArray();
        if (names is not [var name] || name != unusedSymbol)
            throw new InvalidDataException($"Symbols of version {version}: expected {unusedSymbol} alone, found '{string.Join(' ', names)}'.");
        if (elf.Entry(OtherRelocationsTag) is not null)
            throw new InvalidDataException("Relocations without addend are not expected.");
        RefuseUse(elf, RelocationsTag, RelocationsSizeTag, ofVersion, unusedSymbol);
        RefuseUse(elf, CallsTag, CallsSizeTag, ofVersion, unusedSymbol);
        return flags;
    }

    private static (long Flags, int Index) FindNeed(ElfImage elf, string version)
    {
        (long Flags, int Index)? found = null;
        var address = elf.RequiredEntry(NeedsTag);
        var count = elf.RequiredEntry(NeedsCountTag);
        var total = 0;
        for (ulong file = 0; file < count; file++)
        {
            var need = elf.ReadAt(address, NeedSize);
            var entryAddress = unchecked(address + U32(need, 8));
            for (var entries = U16(need, 2); entries > 0; entries--)
            {
                if (++total > MaximumNeeds)
                    throw new InvalidDataException($"More than {MaximumNeeds} version needs.");
                var entry = elf.ReadAt(entryAddress, NeedSize);
                if (elf.NameAt(U32(entry, 8)) == version)
                {
                    if (found is not null)
                        throw new InvalidDataException($"Version {version} is needed twice.");
                    found = (elf.OffsetOf(entryAddress, NeedSize) + 4, U16(entry, 6) & 0x7fff);
                }
                entryAddress = unchecked(entryAddress + U32(entry, 12));
            }
            if (U32(need, 12) == 0)
                break;
            address = unchecked(address + U32(need, 12));
            if (++total > MaximumNeeds)
                throw new InvalidDataException($"More than {MaximumNeeds} version needs.");
        }
        return found is { Index: > 1 } need2 ? need2 : throw new InvalidDataException($"No need for version {version}.");
    }

    private static void RefuseUse(ElfImage elf, long tag, long sizeTag, HashSet<int> symbols, string name)
    {
        if (elf.Entry(tag) is not { } address)
            return;
        var size = elf.RequiredEntry(sizeTag);
        var relocations = elf.ReadAt(address, size <= int.MaxValue ? (long)size : -1);
        for (var at = 0; at + RelocationSize <= relocations.Length; at += RelocationSize)
            if (symbols.Contains(BinaryPrimitives.ReadInt32LittleEndian(relocations.AsSpan(at + 12, 4))))
                throw new InvalidDataException($"A relocation uses {name}.");
    }
}
