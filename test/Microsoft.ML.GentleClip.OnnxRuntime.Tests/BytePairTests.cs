using System.Text.Json.Nodes;
using Microsoft.ML.GentleClip.OnnxEncoders.Tokens;
using Microsoft.ML.GentleClip.Tests.Runtime;

namespace Microsoft.ML.GentleClip.Tests.OnnxEncoders;

/// <summary>Files of tokens as they are downloaded, and the numbers that come out.</summary>
[TestClass]
public sealed class BytePairTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [TestMethod]
    public void PairsAreMergedInTheirOrderAndSpecialTokensStandAround()
    {
        // Bytes are letters here; Ġ stands for the blank before a word.
        var tokens = Read("""
            {"normalizer": null,
             "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false},
             "post_processor": {"type": "RobertaProcessing", "sep": ["</s>", 2], "cls": ["<s>", 0]},
             "added_tokens": [{"id": 0, "content": "<s>"}, {"id": 1, "content": "<pad>"}, {"id": 2, "content": "</s>"}],
             "model": {"type": "BPE", "vocab": {"l": 3, "o": 4, "w": 5, "e": 6, "r": 7, "Ġ": 8, "lo": 9, "low": 10, "er": 11, "Ġlow": 12},
                       "merges": ["l o", "lo w", "e r", "Ġ low"]}}
            """).Create(20);
        CollectionAssert.AreEqual(new[] { 0, 10, 11, 12, 2 }, tokens.Encode("lower low"));
        Assert.AreEqual(1, tokens.Padding);
        CollectionAssert.AreEqual(new[] { 0, 10, 2 }, Read(null).Create(3).Encode("lower low"), "cut to three tokens");
    }

    [TestMethod]
    public void MergesMayBePairsAndTemplatesAreRead()
    {
        var tokens = Read("""
            {"normalizer": {"type": "Sequence", "normalizers": [{"type": "NFC"}, {"type": "Replace", "pattern": {"Regex": "\\s+"}, "content": " "},
               {"type": "Lowercase"}]},
             "pre_tokenizer": {"type": "Sequence", "pretokenizers": [
               {"type": "Split", "pattern": {"Regex": "[\\p{L}]+|[^\\s\\p{L}]+"}, "behavior": "Removed", "invert": true},
               {"type": "ByteLevel", "add_prefix_space": false}]},
             "post_processor": {"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "<start>"}}, {"Sequence": {"id": "A"}},
               {"SpecialToken": {"id": "<end>"}}]},
             "model": {"type": "BPE", "end_of_word_suffix": "</w>",
               "vocab": {"<start>": 0, "<end>": 1, "c": 2, "a": 3, "t": 4, "t</w>": 5, "ca": 6, "cat</w>": 7, "a</w>": 8, "c</w>": 9},
               "merges": [["c", "a"], ["ca", "t</w>"]]}}
            """).Create(20);
        CollectionAssert.AreEqual(new[] { 0, 8, 7, 1 }, tokens.Encode("  A \t CAT "));
    }

    [TestMethod]
    public void WordPieceOfAJsonFileIsThatOfTheList()
    {
        string[] words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "cat", "##s", "a"];
        var vocabulary = new JsonObject(words.Select((word, i) => KeyValuePair.Create(word, (JsonNode?)JsonValue.Create(i))));
        var json = new JsonObject
        {
            ["normalizer"] = new JsonObject { ["type"] = "BertNormalizer", ["lowercase"] = true },
            ["model"] = new JsonObject { ["type"] = "WordPiece", ["vocab"] = vocabulary },
        };
        var notes = new List<string>();
        File.WriteAllText(_folder.File("tokenizer.json"), json.ToJsonString());
        var data = TokenizerFile.Read(_folder.File("tokenizer.json"), lowerCase: false, notes.Add);
        CollectionAssert.AreEqual(new[] { 2, 6, 4, 5, 3 }, data.Create(20).Encode("A cats"));
        StringAssert.Contains(notes.Single(), "as the file says, whatever LowerCase says");
    }

    private TokenizerData Read(string? json)
    {
        if (json is not null)
            File.WriteAllText(_folder.File("tokenizer.json"), json);
        return TokenizerFile.Read(_folder.File("tokenizer.json"), lowerCase: true, _ => { });
    }
}
