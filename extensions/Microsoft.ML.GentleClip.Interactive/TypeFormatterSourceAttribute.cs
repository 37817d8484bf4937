namespace Microsoft.ML.GentleClip.Interactive;

/// <summary>
/// Names the class whose <c>CreateTypeFormatters</c> shows a type in a notebook. .NET Interactive finds the attribute and the methods by their names, whichever
/// assembly declares them; so nothing of it is referred to here.
/// </summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class TypeFormatterSourceAttribute(Type formatterSourceType) : Attribute
{
    public Type FormatterSourceType { get; } = formatterSourceType;

    public string[] PreferredMimeTypes { get; set; } = [];
}
