using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>A tower's description as JSON: under <c>modality</c> the <see cref="EncoderKind.SavedName"/>, then the members of its record.</summary>
internal sealed class TowerDescriptionConverter : JsonConverter<TowerDescription>
{
    private const string Discriminator = "modality";

    /// <inheritdoc/>
    public override TowerDescription? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (JsonNode.Parse(ref reader) is not JsonObject tower)
            throw new JsonException("a tower's description is no object.");
        if (!tower.Remove(Discriminator, out var value) || value?.GetValueKind() != JsonValueKind.String)
            throw new JsonException($"a tower's description has no text '{Discriminator}'.");
        var name = value.GetValue<string>();
        var kind = EncoderKinds.Named(name);
        kind.Complete(tower);
        return (TowerDescription?)tower.Deserialize(kind.DescriptionType, options);
    }

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, TowerDescription value, JsonSerializerOptions options)
    {
        var tower = JsonSerializer.SerializeToNode(value, value.GetType(), options)!.AsObject();
        tower.Insert(0, Discriminator, EncoderKinds.All.First(kind => kind.DescriptionType == value.GetType()).SavedName);
        tower.WriteTo(writer, options);
    }
}
