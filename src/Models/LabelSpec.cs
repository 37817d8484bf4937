using System.Globalization;
using System.Text.Json.Serialization;
using Microsoft.ML.GentleClip.Interop;

namespace Microsoft.ML.GentleClip.Models;

/// <summary>What a fine-tuned model predicts.</summary>
/// <param name="Task">Classes, labels or numbers.</param>
/// <param name="Count">Number of classes or labels; 1 for yes or no and for numbers.</param>
/// <param name="Keys">The values behind the keys of the label column; null where it is no key, or has none.</param>
/// <param name="Names">Names of many labels; null where they have none.</param>
internal sealed record LabelSpec(FineTuningTask Task, int Count, KeyValueList? Keys = null, string[]? Names = null)
{
    /// <summary>The most classes or labels that there can be.</summary>
    public const int MostLabels = 1 << 20;

    /// <summary>Numbers of a row's label: the class's, or one for each of many labels.</summary>
    [JsonIgnore]
    public int Width => Task == FineTuningTask.MultiLabel ? Count : 1;

    /// <summary>Names of the scores' slots; null where there are none.</summary>
    [JsonIgnore]
    public string[]? SlotNames => Task == FineTuningTask.Multiclass ? Keys?.Values : Names;

    /// <summary>What a class or label is called in messages.</summary>
    public string NameOf(int number) => SlotNames?[number] ?? (number + 1).ToString(CultureInfo.InvariantCulture);

    /// <summary>Whether the parts fit each other.</summary>
    [JsonIgnore]
    public bool IsConsistent => Enum.IsDefined(Task) && Count is >= 1 and <= MostLabels && Task switch
    {
        FineTuningTask.Multiclass => Names is null && (Keys is null || (Keys.Values?.Length == Count && Keys.IsReadable())),
        FineTuningTask.MultiLabel => Keys is null && (Names is null || (Names.Length == Count && Array.TrueForAll(Names, name => name is not null))),
        _ => Count == 1 && Keys is null && Names is null,
    };
}
