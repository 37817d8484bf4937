using System.Collections;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Options;

/// <summary>Finds modules and tensors in the fields of a user's class.</summary>
internal static class TorchParts
{
    /// <summary>
    /// The modules and tensors that a field's value is or holds: alone, in a list or array, or as the values of a dictionary. A list of layers is no
    /// layer to TorchSharp; its own lists are.
    /// </summary>
    public static IEnumerable<object> Of(object? value) => value switch
    {
        nn.Module or Tensor => [value],
        IDictionary entries => entries.Values.Cast<object?>().SelectMany(Of),
        IEnumerable<nn.Module?> modules => modules.OfType<object>(),
        IEnumerable<Tensor?> tensors => tensors.OfType<object>(),
        _ => [],
    };
}
