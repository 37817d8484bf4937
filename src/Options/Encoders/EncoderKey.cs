using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;

namespace Microsoft.ML.GentleClip.Options;

/// <summary>Keys and JSON of the settings of custom encoders.</summary>
internal static partial class EncoderKey
{
    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        Converters = { new JsonStringEnumConverter() },
    };

    /// <summary>The key of some settings.</summary>
    /// <exception cref="ArgumentException">Their type has none, or an impossible one.</exception>
    public static string Of(ICustomEncoderOptions settings)
    {
        var type = settings.GetType();
        var key = type.GetCustomAttribute<EncoderKeyAttribute>()?.Key
            ?? throw new ArgumentException($"{type.Name} has no key to be saved under; put [EncoderKey(\"yourname.{type.Name.ToLowerInvariant()}\")] on it.");
        return KeyPattern().IsMatch(key) ? key
            : throw new ArgumentException($"The key '{key}' of {type.Name} cannot be used; expected 1 to 64 letters, digits, '.', '-' and '_'.");
    }

    /// <summary>Settings as they are saved.</summary>
    public static JsonElement ToJson(ICustomEncoderOptions settings) => JsonSerializer.SerializeToElement(settings, settings.GetType(), Json);

    /// <summary>Settings as they were saved.</summary>
    /// <exception cref="FormatException">They are not those of the type.</exception>
    public static object FromJson(JsonElement saved, Type type, string key)
    {
        try
        {
            return saved.Deserialize(type, Json) ?? throw new JsonException("the value is null.");
        }
        catch (Exception exception) // of the setters as well, which are another's code
        {
            throw new FormatException($"The settings of encoder '{key}' do not fit {type.Name}: {exception.Message}", exception);
        }
    }

    /// <summary>Refuses settings that would not come back from a saved model, before a training is spent on them.</summary>
    /// <exception cref="ArgumentException">They would not; the message says why.</exception>
    public static void Check(ICustomEncoderOptions settings)
    {
        var key = Of(settings);
        string before, after;
        try
        {
            var saved = ToJson(settings);
            before = saved.GetRawText();
            after = ToJson((ICustomEncoderOptions)FromJson(saved, settings.GetType(), key)).GetRawText();
        }
        catch (Exception exception) // of the getters as well, which are another's code
        {
            throw new ArgumentException(
                $"The settings of encoder '{key}' cannot be saved as JSON and read back: {exception.Message} Use public properties of plain data with 'get; "
                    + $"init;', or the record's parameters.", exception);
        }
        if (before != after)
            throw new ArgumentException(
                $"The settings of encoder '{key}' change when they are saved as JSON and read back: {before} became {after}. Use public properties of plain "
                    + $"data with 'get; init;', or the record's parameters.");
    }

    /// <summary>The type with a key.</summary>
    /// <typeparam name="T">What it has to be.</typeparam>
    /// <param name="key">The key, as a file names it.</param>
    /// <param name="assemblies">Where to look, in this order.</param>
    /// <exception cref="FormatException">There is none, two in one assembly, or one that is something else.</exception>
    public static Type Find<T>(string key, IEnumerable<Assembly> assemblies)
    {
        foreach (var assembly in assemblies)
        {
            var found = TypesOf(assembly).Where(type => type.GetCustomAttribute<EncoderKeyAttribute>()?.Key == key).ToArray();
            if (found.Length > 1)
                throw new FormatException(
                    $"The key '{key}' belongs to both {found[0].FullName} and {found[1].FullName} of {assembly.GetName().Name}; expected one type.");
            if (found.Length == 1)
                return typeof(T).IsAssignableFrom(found[0]) && !found[0].IsAbstract ? found[0]
                    : throw new FormatException($"The key '{key}' belongs to {found[0].FullName}, which is no {typeof(T).Name}.");
        }
        throw new FormatException(
            $"The saved model has an encoder with the key '{key}', which is in no registered assembly. Before loading, call "
                + $"mlContext.ComponentCatalog.RegisterAssembly(typeof(T).Assembly), where T is the type with [EncoderKey(\"{key}\")].");
    }

    private static IEnumerable<Type> TypesOf(Assembly assembly)
    {
        try
        {
            return assembly.GetTypes();
        }
        catch (ReflectionTypeLoadException exception)
        {
            return exception.Types.OfType<Type>();
        }
    }

    [GeneratedRegex(@"^[A-Za-z0-9._-]{1,64}\z")]
    private static partial Regex KeyPattern();
}
