using Microsoft.ML.Data;

namespace Microsoft.ML.GentleClip.Tests.OnnxEncoders;

/// <summary>Pictures of one colour each, their words, and vectors.</summary>
internal sealed class Sample
{
    public const int Absent = 11;

    public static readonly string[] Texts = ["a red cat runs", "the dog", "cats", "a dog runs the red dog", "red", "the cat runs"];

    [VectorType(3, Graphs.Side, Graphs.Side)]
    public float[] Picture { get; set; } = [];

    public string Words { get; set; } = "";

    [VectorType(3)]
    public float[] Vector { get; set; } = [];

    public bool IsPaired { get; set; }

    public static Sample[] Create(int count = 30) => [.. Enumerable.Range(0, count).Select(i =>
    {
        float[] color = [(i * 37) % 256, (i * 91 + 13) % 256, (i * 151 + 7) % 256];
        return new Sample
        {
            Picture = [.. Enumerable.Range(0, 3 * Graphs.Side * Graphs.Side).Select(pixel =>
                i == Absent ? float.NaN : color[pixel / (Graphs.Side * Graphs.Side)])],
            Words = i == Absent + 1 ? " " : Texts[i % Texts.Length],
            Vector = [color[0] / 256, color[1] / 256, color[2] / 256],
            IsPaired = i < 10,
        };
    })];
}
