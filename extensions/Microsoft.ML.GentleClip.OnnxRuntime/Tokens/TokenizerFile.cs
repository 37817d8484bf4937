using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.ML.GentleClip.Options;

namespace Microsoft.ML.GentleClip.OnnxEncoders.Tokens;

/// <summary>Reads the files of tokens that come with downloads.</summary>
internal static class TokenizerFile
{
    private const string Vocabulary = "vocab.txt", Whole = "tokenizer.json", Configuration = "tokenizer_config.json";
    private const string ByteLevel = "ByteLevel", Sequence = "Sequence", LowerCasing = "Lowercase";

    private const string Takes = "vocab.txt of WordPiece, or tokenizer.json of WordPiece or of BPE over bytes";

    /// <summary>The file of the settings, or the one beside the ONNX file.</summary>
    /// <exception cref="FileNotFoundException">There is none.</exception>
    public static string Find(string modelFile, string? tokenizerFile, string column)
    {
        if (tokenizerFile is not null)
            return File.Exists(tokenizerFile) ? tokenizerFile
                : throw new FileNotFoundException($"The tokenizer file of column '{column}' does not exist: {tokenizerFile}.", tokenizerFile);
        string[] places = [.. Folders(modelFile).SelectMany(folder => new[] { Path.Combine(folder, Vocabulary), Path.Combine(folder, Whole) })];
        return places.FirstOrDefault(File.Exists) ?? throw new FileNotFoundException(
            $"The ONNX file of column '{column}', {modelFile}, has no file of tokens beside it: looked for {string.Join(", ", places)}. "
            + $"Set {nameof(OnnxTextEncoderOptions)}.{nameof(OnnxTextEncoderOptions.TokenizerFile)}.");
    }

    /// <summary>The folder of a file and the one above.</summary>
    public static IEnumerable<string> Folders(string modelFile)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(modelFile));
        return new[] { folder, Path.GetDirectoryName(folder) }.OfType<string>();
    }

    /// <summary>Reads a file.</summary>
    /// <param name="path">As <see cref="Find"/> gave it.</param>
    /// <param name="lowerCase">What the settings say; a file that says something else wins.</param>
    /// <param name="note">Told what was taken from the file.</param>
    /// <exception cref="InvalidDataException">It is damaged, or of a tokenizer that there is not.</exception>
    public static TokenizerData Read(string path, bool lowerCase, Action<string> note)
    {
        if (!Path.GetExtension(path).Equals(".json", StringComparison.OrdinalIgnoreCase))
            return WordPiece(path, TokenList.Read(path), OfConfiguration(path) ?? lowerCase, lowerCase, note);
        JsonNode root;
        try
        {
            root = JsonNode.Parse(File.ReadAllBytes(path)) ?? throw new JsonException("it is null");
            return Read(root, path, lowerCase, note);
        }
        catch (Exception exception)
            when (exception is JsonException or InvalidOperationException or FormatException or ArgumentException or KeyNotFoundException)
        {
            throw new InvalidDataException($"{path}: expected {Takes}: {exception.Message}", exception);
        }
    }

    private static TokenizerData Read(JsonNode root, string path, bool lowerCase, Action<string> note)
    {
        var model = root["model"] ?? throw new JsonException("it has no 'model'");
        // Old files do not name the type: merges are BPE's.
        var type = model["type"]?.GetValue<string>() ?? (model["merges"] is null ? "WordPiece" : "BPE");
        if (type is not ("WordPiece" or "BPE"))
            throw new InvalidDataException($"{path}: expected {Takes}, found a tokenizer of type '{type}', which this library has not.");
        if (model["vocab"] is not JsonObject vocabulary)
            throw new JsonException("'model' has no 'vocab' of tokens with numbers");
        var numbers = vocabulary.ToDictionary(entry => entry.Key, entry => entry.Value!.GetValue<int>(), StringComparer.Ordinal);
        foreach (var added in root["added_tokens"]?.AsArray() ?? [])
            numbers[added!["content"]!.GetValue<string>()] = added["id"]!.GetValue<int>();
        var largest = numbers.Values.Max();
        if (numbers.Values.Min() < 0 || largest >= TokenList.MaximumCount)
            throw new JsonException($"numbers of tokens from {numbers.Values.Min()} to {largest}; expected 0 to below {TokenList.MaximumCount}");
        var tokens = new string[largest + 1];
        Array.Fill(tokens, "");
        foreach (var (token, number) in numbers)
            tokens[number] = token;
        return type == "BPE" ? BytePairs(root, model, tokens, numbers, path, note) : WordPieces(root, model, tokens, path, lowerCase, note);
    }

    private static TokenizerData WordPieces(JsonNode root, JsonNode model, string[] tokens, string path, bool lowerCase, Action<string> note)
    {
        var prefix = model["continuing_subword_prefix"]?.GetValue<string>() ?? TokenList.Continuation;
        if (prefix != TokenList.Continuation)
            throw new InvalidDataException($"{path}: expected WordPiece with '{TokenList.Continuation}' before parts of words, found '{prefix}'.");
        foreach (var normalizer in Steps(root["normalizer"], "normalizers"))
            if (TypeOf(normalizer) is not ("BertNormalizer" or LowerCasing or "NFC" or "NFD" or "NFKC" or "StripAccents"))
                throw Unknown(path, "normalizer", normalizer);
        var bert = Steps(root["normalizer"], "normalizers").FirstOrDefault(step => TypeOf(step) == "BertNormalizer");
        var stated = bert?["lowercase"]?.GetValue<bool>() ?? Steps(root["normalizer"], "normalizers").Any(step => TypeOf(step) == LowerCasing);
        return WordPiece(path, TokenList.Checked([.. tokens.Select((token, number) => token.Length > 0 ? token : $"[gap{number}]")], path),
            stated, lowerCase, note);
    }

    private static TokenizerData WordPiece(string path, IReadOnlyList<string> tokens, bool lowerCase, bool asked, Action<string> note)
    {
        note($"{path}: WordPiece of {tokens.Count} tokens, letters {(lowerCase ? "made small" : "as they are")}"
            + (lowerCase == asked ? "" : $" as the file says, whatever {nameof(TextEncoderOptions.LowerCase)} says"));
        return new TokenizerData { LowerCase = lowerCase, Tokens = tokens };
    }

    private static TokenizerData BytePairs(
        JsonNode root, JsonNode model, string[] tokens, Dictionary<string, int> numbers, string path, Action<string> note)
    {
        var (lowerCase, joinBlanks, words, addBlank, overBytes) = (false, false, (string?)null, false, false);
        foreach (var step in Steps(root["normalizer"], "normalizers"))
            switch (TypeOf(step))
            {
                case LowerCasing:
                    lowerCase = true;
                    break;
                case "Replace" when Pattern(step) == @"\s+" && Text(step, "content") == " ":
                    joinBlanks = true;
                    break;
                case "NFC":
                    note($"{path}: texts are taken to be in Unicode's form NFC already");
                    break;
                default:
                    throw Unknown(path, "normalizer", step);
            }
        foreach (var step in Steps(root["pre_tokenizer"], "pretokenizers"))
            switch (TypeOf(step))
            {
                case "Split" when Pattern(step) is { } pattern:
                    words = pattern;
                    break;
                case ByteLevel:
                    (overBytes, addBlank) = (true, step["add_prefix_space"]?.GetValue<bool>() ?? false);
                    break;
                default:
                    throw Unknown(path, "pre_tokenizer", step);
            }
        if (!overBytes)
            throw new InvalidDataException(
                $"{path}: expected BPE over bytes (pre_tokenizer {ByteLevel}), found BPE over characters, which this library has not.");
        if (model["merges"] is not JsonArray merges)
            throw new JsonException("'model' has no 'merges'");
        var (before, after) = Around(root["post_processor"], numbers, path);
        var padding = root["padding"]?["pad_id"]?.GetValue<int>() ?? (numbers.TryGetValue("<pad>", out var number) ? number : 0);
        note($"{path}: BPE over bytes of {numbers.Count} tokens, {before.Length} before and {after.Length} after a text");
        return new TokenizerData
        {
            LowerCase = lowerCase,
            Tokens = tokens,
            Merges = [.. merges.Select(merge => merge is JsonArray pair ? $"{pair[0]} {pair[1]}" : merge!.GetValue<string>())],
            Before = before,
            After = after,
            Padding = padding,
            EndOfWord = model["end_of_word_suffix"]?.GetValue<string>() is { Length: > 0 } suffix ? suffix : null,
            Words = words,
            AddBlank = addBlank,
            JoinBlanks = joinBlanks,
        };
    }

    // The special tokens around a single text.
    private static (int[] Before, int[] After) Around(JsonNode? processor, Dictionary<string, int> numbers, string path)
    {
        foreach (var step in Steps(processor, "processors"))
            switch (TypeOf(step))
            {
                case ByteLevel:
                    break;
                case "RobertaProcessing" or "BertProcessing":
                    return ([step["cls"]![1]!.GetValue<int>()], [step["sep"]![1]!.GetValue<int>()]);
                case "TemplateProcessing":
                    var (before, after, isAfter) = (new List<int>(), new List<int>(), false);
                    foreach (var item in step["single"]!.AsArray())
                        if (item!["SpecialToken"]?["id"]?.GetValue<string>() is { } token)
                            (isAfter ? after : before).Add(numbers[token]);
                        else
                            isAfter = true;
                    return ([.. before], [.. after]);
                default:
                    throw Unknown(path, "post_processor", step);
            }
        return ([], []);
    }

    private static bool? OfConfiguration(string path)
    {
        var file = Path.Combine(Path.GetDirectoryName(Path.GetFullPath(path))!, Configuration);
        if (!File.Exists(file))
            return null;
        try
        {
            return JsonNode.Parse(File.ReadAllBytes(file))?["do_lower_case"]?.GetValue<bool>();
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or FormatException)
        {
            throw new InvalidDataException($"{file}: expected a JSON object that says whether letters are made small: {exception.Message}", exception);
        }
    }

    private static IEnumerable<JsonNode> Steps(JsonNode? step, string parts) =>
        step is null ? [] : TypeOf(step) == Sequence ? step[parts]!.AsArray().SelectMany(part => Steps(part, parts)) : [step];

    private static string TypeOf(JsonNode step) => Text(step, "type") ?? "";

    private static string? Pattern(JsonNode step) => step["pattern"] is { } pattern ? Text(pattern, "Regex") : null;

    private static string? Text(JsonNode step, string name) => step[name]?.GetValue<string>();

    private static InvalidDataException Unknown(string path, string what, JsonNode step)
    {
        const int longest = 100;
        var text = step.ToJsonString();
        text = text.Length > longest ? text[..longest] + "..." : text;
        return new InvalidDataException($"{path}: expected {Takes}, found the {what} '{TypeOf(step)}' ({text}), which this library has not.");
    }
}
