using System.Runtime.InteropServices;
using Microsoft.ML.GentleClip.Modalities;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>
/// The hashed n-grams of a text: of each word's characters, the words, and pairs of neighbouring words. The hash is FNV-1a, the same on every machine.
/// </summary>
internal static class TextNGrams
{
    private const ulong Basis = 0xcbf29ce484222325, Prime = 0x100000001b3;
    private const int Edge = 0, WordKind = 1, PairKind = 2, NGramKind = 3; // no text has these characters

    /// <summary>How often each bucket occurs in a text, in the order of the buckets.</summary>
    public static KeyValuePair<int, int>[] Count(ReadOnlySpan<char> text, TextNGramOptions options)
    {
        var counts = new SortedDictionary<int, int>();
        var words = TextWords.Split(text[..Math.Min(text.Length, options.MaximumCharacters)], options.LowerCase);
        var runes = new List<int>();
        ulong? before = null;
        foreach (var range in words.AsSpan().Split(' '))
        {
            if (range.End.Value == range.Start.Value)
                continue;
            runes.Clear();
            runes.Add(Edge);
            foreach (var rune in words.AsSpan()[range].EnumerateRunes())
                runes.Add(rune.Value);
            runes.Add(Edge);
            var characters = CollectionsMarshal.AsSpan(runes);
            var word = Hash(WordKind, characters);
            Add(word);
            if (before is { } left)
                Add(Mix(Mix(Start(PairKind), left), word));
            before = word;
            for (var length = options.MinimumLength; length <= Math.Min(options.MaximumLength, characters.Length - 1); length++)
                for (var start = 0; start + length <= characters.Length; start++)
                    Add(Hash(NGramKind, characters.Slice(start, length)));
        }
        return [.. counts];

        void Add(ulong hash)
        {
            var bucket = (int)(Finish(hash) % (ulong)options.Buckets);
            counts[bucket] = counts.GetValueOrDefault(bucket) + 1;
        }
    }

    private static ulong Start(int kind) => (Basis ^ (uint)kind) * Prime;

    private static ulong Hash(int kind, ReadOnlySpan<int> runes)
    {
        var hash = Start(kind);
        foreach (var rune in runes)
            hash = Mix(hash, (uint)rune);
        return hash;
    }

    private static ulong Mix(ulong hash, ulong value)
    {
        for (; ; value >>= 8)
        {
            hash = (hash ^ (value & 0xff)) * Prime;
            if (value <= 0xff)
                return hash;
        }
    }

    // FNV's low bits depend on few of the input's; the table takes them all.
    private static ulong Finish(ulong hash)
    {
        hash = (hash ^ (hash >> 33)) * 0xff51afd7ed558ccd;
        hash = (hash ^ (hash >> 33)) * 0xc4ceb9fe1a85ec53;
        return hash ^ (hash >> 33);
    }
}
