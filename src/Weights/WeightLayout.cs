using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;

namespace Microsoft.ML.GentleClip.Weights;

/// <summary>One of the ways in which an architecture's weights are named in files.</summary>
/// <param name="Anchor">A name that every such file has, behind whatever prefix: it tells form and prefix.</param>
/// <param name="Companion">A second such name; it tells the anchor from a part that happens to be called the same.</param>
/// <param name="Map">From these names to the module's.</param>
/// <param name="Inner">
/// Prefixes that belong to the published names, longest first: what stands beside them, such as a head, has the same outer prefix.
/// </param>
internal sealed record WeightForm(string Anchor, string Companion, NameMap Map, params IReadOnlyList<string> Inner);

/// <summary>How an architecture's weights are found in files.</summary>
/// <param name="name">Of the architecture, for messages.</param>
/// <param name="body">Matches the module's names that are the encoder itself; what is called otherwise is a head or a double, and may be left out.</param>
/// <param name="forms">The known ways to name the weights; the first is taken where no anchor is found.</param>
internal sealed class WeightLayout(
    string name, [StringSyntax(StringSyntaxAttribute.Regex)] string body, params IReadOnlyList<WeightForm> forms)
{
    private readonly Regex _body = new(body, RegexOptions.CultureInvariant | RegexOptions.NonBacktracking);

    /// <summary>Of the architecture, for messages.</summary>
    public string Name => name;

    /// <summary>The known ways to name the weights.</summary>
    public IReadOnlyList<WeightForm> Forms => forms;

    /// <summary>Whether a name, as the module has it, lies within the encoder, where nothing unknown may be.</summary>
    public bool IsBody(string ownName) => _body.IsMatch(ownName);
}
