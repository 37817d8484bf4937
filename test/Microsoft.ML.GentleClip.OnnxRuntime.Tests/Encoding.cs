using Microsoft.ML.GentleClip.Encoders;
using Microsoft.ML.GentleClip.Modalities;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Tests.OnnxEncoders;

/// <summary>The features of an encoder, in front of any projection head.</summary>
internal static class Encoding
{
    /// <summary>Of the rows that have the side, in their order, in one batch.</summary>
    public static float[][] Features(Modality modality, IDataView data, List<string>? lines = null)
    {
        using var scope = NewDisposeScope();
        set_num_threads(1);
        var binding = ModalityKinds.Bind(modality, data.Schema);
        using var store = binding.CreateStore();
        using var cursor = data.GetRowCursor(data.Schema);
        var reader = binding.Open(cursor);
        while (cursor.MoveNext())
            if (reader.Read() == Presence.Present)
                store.Add(reader);
        using var generator = new Generator(1);
        using var encoder = EncoderKinds.Of(modality).Create(modality, binding.InputDimension, generator);
        encoder.LoadPretrained(line => lines?.Add(line));
        var features = encoder.Encode(store.Gather([.. Enumerable.Range(0, store.Count)]), noise: null);
        return [.. features.data<float>().ToArray().Chunk(encoder.FeatureDimension)];
    }
}
