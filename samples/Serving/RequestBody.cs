using System.Text.Json;
using System.Text.Json.Serialization;

namespace Serving;

/// <summary>JSON that a user wrote: a field that is spelt wrong is an error, not silence.</summary>
internal abstract record RequestBody
{
    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Others { get; init; }

    /// <exception cref="BadInputException">There is a field of another name.</exception>
    public void CheckFields()
    {
        if (Others is { Count: > 0 })
            throw new BadInputException(
                $"{Others.Keys.First()}: there is no such field; expected "
                + string.Join(", ", GetType().GetProperties().Where(field => field.Name != nameof(Others))
                    .Select(field => JsonNamingPolicy.CamelCase.ConvertName(field.Name))) + ".");
    }
}
