using System.Text.Json;
using System.Text.Json.Serialization;

namespace Microsoft.ML.GentleClip.Models;

/// <summary>A closed form's role in files, which keep the names it had in format 1.1.</summary>
internal sealed class SavedRole : JsonConverter<ClosedFormRole>
{
    private const string SideBySide = "SideBySide", Guide = "Guide";

    /// <summary>What files call a role.</summary>
    public static string NameOf(ClosedFormRole role) => role switch
    {
        ClosedFormRole.BesideTowers => SideBySide,
        ClosedFormRole.Teacher => Guide,
        _ => role.ToString(),
    };

    /// <summary>Reads a file's name of a role.</summary>
    /// <exception cref="JsonException">There is no such role.</exception>
    public override ClosedFormRole Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        var name = reader.TokenType == JsonTokenType.String ? reader.GetString() : null;
        foreach (var role in Enum.GetValues<ClosedFormRole>())
        {
            if (NameOf(role) == name)
                return role;
        }
        throw new JsonException($"There is no role {name}; expected one of {string.Join(", ", Enum.GetValues<ClosedFormRole>().Select(NameOf))}.");
    }

    /// <summary>Writes it.</summary>
    public override void Write(Utf8JsonWriter writer, ClosedFormRole value, JsonSerializerOptions options) => writer.WriteStringValue(NameOf(value));
}
