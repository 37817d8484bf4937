using System.Text.Json;
using Microsoft.ML.GentleClip.Runtime;

namespace Microsoft.ML.GentleClip.Trainers.Sharding;

/// <summary>Refuses processes that do not train the same on the same rows.</summary>
internal static class AlikeProcesses
{
    private const string NotSet = "not set", Purpose = "comparing rows and options";

    /// <summary>Compares what each process has with what rank 0 has.</summary>
    /// <param name="group">The processes.</param>
    /// <param name="facts">What has to be equal, as text by name.</param>
    /// <exception cref="InvalidOperationException">This process differs from rank 0, or another does; the message names what differs.</exception>
    public static void Check(ProcessGroup group, SortedDictionary<string, string> facts)
    {
        if (!group.IsShared())
            return;
        var first = JsonSerializer.Deserialize<SortedDictionary<string, string>>(group.OfFirst(JsonSerializer.Serialize(facts), Purpose)!)!;
        string[] differences =
        [
            .. first.Keys.Union(facts.Keys).Order(StringComparer.Ordinal)
                .Select(name => (Name: name, Own: facts.GetValueOrDefault(name, NotSet), First: first.GetValueOrDefault(name, NotSet)))
                .Where(entry => entry.Own != entry.First).Select(entry => $"{entry.Name} is {entry.Own}, of rank 0 {entry.First}"),
        ];
        var differ = group.Any(differences.Length > 0, Purpose);
        if (differences.Length > 0)
            throw new InvalidOperationException(
                $"The processes do not train the same: rank {group.Rank} differs from rank 0 ({string.Join("; ", differences)}); expected the same rows, in "
                + "the same order, and the same options in all processes. Give each all rows: of them it reads its own.");
        // The one that differs has the message, and ends all.
        if (differ)
            group.Barrier("waiting for the end: another process has other rows or options than rank 0");
    }
}
