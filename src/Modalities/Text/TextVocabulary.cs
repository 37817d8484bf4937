using System.Runtime.InteropServices;
using System.Text;
using Microsoft.ML.GentleClip.Options;
using Microsoft.ML.GentleClip.Runtime;

namespace Microsoft.ML.GentleClip.Modalities;

/// <summary>
/// Learns a WordPiece vocabulary: the special tokens, the texts' characters, and then, again and again, the pair of neighbouring pieces that is the most
/// frequent (byte-pair encoding on characters, written with <c>##</c>). Equal texts give equal vocabularies, in whichever order they come.
/// </summary>
internal sealed class TextVocabulary
{
    private const int LeastPairCount = 2, LongestWord = 100; // the tokenizer takes longer words for unknown

    private readonly List<string> _pieces = [TokenList.Padding, TokenList.Unknown, TokenList.Beginning, TokenList.End, TokenList.Mask];
    private readonly Dictionary<string, int> _numbers = new(StringComparer.Ordinal);
    private readonly List<(int[] Pieces, long Count)> _words = [];
    private readonly Dictionary<(int, int), long> _pairs = [];
    private readonly Dictionary<(int, int), HashSet<int>> _wordsOf = [];
    private readonly PriorityQueue<(int Left, int Right), (long Count, string Left, string Right)> _queue =
        new(Comparer<(long Count, string Left, string Right)>.Create(static (x, y) =>
            y.Count.CompareTo(x.Count) is not 0 and var byCount ? byCount
            : string.CompareOrdinal(x.Left, y.Left) is not 0 and var byLeft ? byLeft : string.CompareOrdinal(x.Right, y.Right)));

    private TextVocabulary()
    {
    }

    /// <summary>Learns a vocabulary.</summary>
    /// <param name="texts">The training's texts.</param>
    /// <param name="options">Its size, and whether small letters are all there is.</param>
    /// <param name="group">Processes each of which has a part of the texts, or null.</param>
    public static IReadOnlyList<string> Learn(IEnumerable<ReadOnlyMemory<char>> texts, IWordPieceOptions options, ProcessGroup? group = null)
    {
        var counts = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var text in texts)
            foreach (var word in TextWords.Split(text.Span, options.LowerCase).Split(' ', StringSplitOptions.RemoveEmptyEntries))
                if (word.Length <= LongestWord)
                    CollectionsMarshal.GetValueRefOrAddDefault(counts, word, out _)++;
        if (group is { Size: > 1 })
            counts = OfAll(counts, group);
        var vocabulary = new TextVocabulary();
        vocabulary.AddCharacters(counts, options.MaximumVocabularySize);
        vocabulary.Merge(options.MaximumVocabularySize);
        return vocabulary._pieces;
    }

    // Words as they are in memory: half of a surrogate pair is no UTF-8.
    private static Dictionary<string, long> OfAll(Dictionary<string, long> own, ProcessGroup group)
    {
        using var written = new MemoryStream();
        using (var writer = new BinaryWriter(written))
            foreach (var (word, count) in own)
            {
                writer.Write(word.Length);
                writer.Write(MemoryMarshal.AsBytes(word.AsSpan()));
                writer.Write(count);
            }
        var all = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var part in group.GatherBytes(written.ToArray(), "the words of the texts"))
        {
            using var reader = new BinaryReader(new MemoryStream(part));
            while (reader.BaseStream.Position < part.Length)
            {
                var word = new string(MemoryMarshal.Cast<byte, char>(reader.ReadBytes(sizeof(char) * reader.ReadInt32())));
                CollectionsMarshal.GetValueRefOrAddDefault(all, word, out _) += reader.ReadInt64();
            }
        }
        return all;
    }

    // The most frequent characters, up to half of the vocabulary, both at the beginning of a word and within.
    private void AddCharacters(Dictionary<string, long> counts, int size)
    {
        var characters = new Dictionary<Rune, long>();
        foreach (var (word, count) in counts)
            foreach (var rune in word.EnumerateRunes())
                CollectionsMarshal.GetValueRefOrAddDefault(characters, rune, out _) += count;
        var room = (size - _pieces.Count) / 2;
        foreach (var (rune, _) in characters.OrderByDescending(character => character.Value).ThenBy(character => character.Key.Value))
        {
            var pieces = TextWords.IsAlone(rune) ? 1 : 2;
            if ((room -= pieces) < 0)
                break;
            NumberOf(rune.ToString());
            if (pieces == 2)
                NumberOf(TokenList.Continuation + rune);
        }
        foreach (var (word, count) in counts.OrderBy(word => word.Key, StringComparer.Ordinal))
        {
            var names = word.EnumerateRunes().Select((rune, i) => i == 0 ? rune.ToString() : TokenList.Continuation + rune).ToArray();
            if (names.Length > 1 && Array.TrueForAll(names, _numbers.ContainsKey))
                _words.Add(([.. names.Select(NumberOf)], count));
        }
    }

    private void Merge(int size)
    {
        for (var word = 0; word < _words.Count; word++)
            Count(word, sign: 1);
        foreach (var pair in _pairs.Keys)
            Enqueue(pair);
        while (_pieces.Count < size && _queue.TryDequeue(out var pair, out var priority))
        {
            var count = _pairs.GetValueOrDefault(pair);
            if (count < LeastPairCount)
                continue;
            if (count != priority.Count) // it was lowered since
                Enqueue(pair);
            else
                Merge(pair);
        }
    }

    private void Merge((int Left, int Right) pair)
    {
        var merged = NumberOf(_pieces[pair.Left] + _pieces[pair.Right][TokenList.Continuation.Length..]);
        var raised = new HashSet<(int, int)>();
        foreach (var word in _wordsOf[pair].Order())
        {
            Count(word, sign: -1);
            var (pieces, count) = _words[word];
            var next = new List<int>(pieces.Length);
            for (var i = 0; i < pieces.Length; i++)
            {
                var isPair = i + 1 < pieces.Length && (pieces[i], pieces[i + 1]) == pair;
                next.Add(isPair ? merged : pieces[i]);
                i += isPair ? 1 : 0;
            }
            _words[word] = ([.. next], count);
            Count(word, sign: 1);
            for (var i = 0; i + 1 < next.Count; i++)
                if (next[i] == merged || next[i + 1] == merged)
                    raised.Add((next[i], next[i + 1]));
        }
        foreach (var other in raised)
            Enqueue(other);
    }

    private void Count(int word, int sign)
    {
        var (pieces, count) = _words[word];
        for (var i = 0; i + 1 < pieces.Length; i++)
        {
            var pair = (pieces[i], pieces[i + 1]);
            CollectionsMarshal.GetValueRefOrAddDefault(_pairs, pair, out _) += sign * count;
            ref var words = ref CollectionsMarshal.GetValueRefOrAddDefault(_wordsOf, pair, out _);
            words ??= [];
            _ = sign > 0 ? words.Add(word) : words.Remove(word);
        }
    }

    private void Enqueue((int Left, int Right) pair) => _queue.Enqueue(pair, (_pairs[pair], _pieces[pair.Left], _pieces[pair.Right]));

    private int NumberOf(string piece)
    {
        ref var number = ref CollectionsMarshal.GetValueRefOrAddDefault(_numbers, piece, out var exists);
        if (!exists)
        {
            number = _pieces.Count;
            _pieces.Add(piece);
        }
        return number;
    }
}
