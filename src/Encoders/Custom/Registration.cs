using System.Reflection;
using Microsoft.ML.GentleClip.Options;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>Looks for what a module holds and TorchSharp does not know of: it would not be trained, saved or moved to the device.</summary>
internal static class Registration
{
    /// <summary>The first field with an unregistered module, parameter or tensor, as "field 'x' of Type"; null where there is none.</summary>
    public static string? Missing(nn.Module module)
    {
        var known = new HashSet<object>(ReferenceEqualityComparer.Instance);
        known.UnionWith(module.children());
        known.UnionWith(module.parameters(recurse: false));
        known.UnionWith(module.buffers(recurse: false));
        for (var type = module.GetType(); type is not null && type.Assembly != typeof(nn.Module).Assembly; type = type.BaseType)
            foreach (var field in type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly))
                if (TorchParts.Of(field.GetValue(module)).Any(part => !known.Contains(part)))
                    return $"field '{field.Name}' of {type.Name}";
        return module.children().Select(Missing).FirstOrDefault(found => found is not null);
    }
}
