using System.Reflection;

namespace Microsoft.ML.GentleClip.Tests.Options;

/// <summary>The first value of an enumeration is the one that options have unless they say otherwise.</summary>
[TestClass]
public sealed class EnumDefaultTests
{
    // Two options share the enumeration, and their defaults differ.
    private static readonly string[] Exceptions = ["ClosedFormOptions.Spectral"];

    [TestMethod]
    public void ZeroIsTheDefault()
    {
        var found = new List<string>();
        var wrong = new List<string>();
        foreach (var type in typeof(GentleClipOptions).Assembly.GetExportedTypes().Where(type => !type.IsAbstract && type.GetConstructor([]) is not null))
        {
            var options = Activator.CreateInstance(type);
            foreach (var property in type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(property => property.PropertyType.IsEnum))
            {
                found.Add($"{type.Name}.{property.Name}");
                if (Convert.ToInt32(property.GetValue(options), System.Globalization.CultureInfo.InvariantCulture) != 0)
                    wrong.Add(found[^1]);
            }
        }
        CollectionAssert.Contains(found, "ClosedFormOptions.Role");
        CollectionAssert.AreEquivalent(Exceptions, wrong);
    }
}
