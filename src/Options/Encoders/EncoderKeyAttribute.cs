namespace Microsoft.ML.GentleClip;

/// <summary>
/// Names the settings of an encoder of your own. A saved model holds this key, never a type's name; <c>mlContext.Model.Load</c> looks it up among the
/// assemblies that <c>mlContext.ComponentCatalog.RegisterAssembly</c> was called for, the last registered first.
/// </summary>
/// <param name="key">
/// 1 to 64 letters, digits, '.', '-' and '_'; unique, so best with a prefix of yours, such as "contoso.gated". Keep it when you rename the type.
/// </param>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public sealed class EncoderKeyAttribute(string key) : Attribute
{
    /// <summary>The key.</summary>
    public string Key { get; } = key;
}
