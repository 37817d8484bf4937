using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.GentleClip.Data;

/// <summary>Puts matched pairs and the unmatched samples of both modalities into one view, as training expects them.</summary>
internal static class ModalityCombiner
{
    /// <summary>
    /// The rows of <paramref name="paired"/>, then those of <paramref name="unpairedA"/> and <paramref name="unpairedB"/>, with the union of
    /// their columns by name and a Boolean column <paramref name="pairedColumnName"/> that is true only for the rows of <paramref name="paired"/>.
    /// </summary>
    /// <remarks>Streams: no row is read before a cursor moves, and a cursor reads the columns that were asked for.</remarks>
    /// <exception cref="ArgumentException">The inputs cannot be combined; the message names the column and the inputs.</exception>
    public static IDataView Combine(IHostEnvironment env, IDataView? paired, IDataView? unpairedA, IDataView? unpairedB, string pairedColumnName)
    {
        ArgumentNullException.ThrowIfNull(env);
        ArgumentException.ThrowIfNullOrWhiteSpace(pairedColumnName);

        CombinedPart[] parts = [.. Parts(paired, unpairedA, unpairedB)];
        if (parts.Length == 0)
            throw new ArgumentException($"At least one of {nameof(paired)}, {nameof(unpairedA)} and {nameof(unpairedB)} must be given, but all are null.");
        if (parts.FirstOrDefault(part => part.Column(pairedColumnName) is not null) is { } taken)
            throw new ArgumentException(
                $"The input {taken.Name} already has a column '{pairedColumnName}', the name of the column that tells pairs from unpaired rows. " +
                "Choose another name for it, or drop the input's column.", taken.Name);

        using var channel = env.Start(nameof(ModalityCombiner));
        var names = parts.SelectMany(part => part.VisibleColumns).Select(column => column.Name).Distinct();
        var columns = names.Select(name => Union(name, parts, channel))
            .Append(new CombinedColumn<bool>(pairedColumnName, BooleanDataViewType.Instance, DataViewSchema.Annotations.Empty,
                new DataViewSchema.Column?[parts.Length],
                part => parts[part].IsPaired ? (ref value) => value = true : (ref value) => value = false));
        return new CombinedDataView(parts, [.. columns]);
    }

    private static IEnumerable<CombinedPart> Parts(IDataView? paired, IDataView? unpairedA, IDataView? unpairedB)
    {
        if (paired is not null)
            yield return new(nameof(paired), paired, IsPaired: true);
        if (unpairedA is not null)
            yield return new(nameof(unpairedA), unpairedA, IsPaired: false);
        if (unpairedB is not null)
            yield return new(nameof(unpairedB), unpairedB, IsPaired: false);
    }

    private static CombinedColumn Union(string name, CombinedPart[] parts, IChannel channel)
    {
        var sources = Array.ConvertAll(parts, part => part.Column(name));
        var holders = parts.Zip(sources).Where(pair => pair.Second is not null).Select(pair => (Part: pair.First.Name, Column: pair.Second!.Value)).ToArray();
        var (owner, first) = holders[0];
        foreach (var (part, column) in holders.Skip(1))
            if (!column.Type.Equals(first.Type))
                throw new ArgumentException(
                    $"Column '{name}' is of type {first.Type} in {owner} and of type {column.Type} in {part}; both must be of one type." +
                    (ItemType(first.Type) is KeyDataViewType && ItemType(column.Type) is KeyDataViewType ? " " + CombinedAnnotations.KeyAdvice : ""), part);

        var missing = MissingValue.GetterFor(first.Type);
        var lacking = Array.FindIndex(sources, source => source is null);
        if (lacking >= 0 && missing is null)
            throw new ArgumentException(
                $"Column '{name}' of type {first.Type} is in {owner} but not in {parts[lacking].Name}, and {first.Type} has no missing value to stand there. " +
                $"Convert it in {owner} to a type that has one (Single, text or a key), add it to {parts[lacking].Name}, or drop it.", parts[lacking].Name);

        var annotations = CombinedAnnotations.Merge(name, [.. holders.Select(holder => (holder.Part, holder.Column.Annotations))], channel);
        return CombinedColumn.Create(name, first.Type, annotations, sources, missing);
    }

    private static DataViewType ItemType(DataViewType type) => type is VectorDataViewType vector ? vector.ItemType : type;
}
