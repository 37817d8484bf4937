namespace Microsoft.ML.GentleClip.Modalities;

/// <summary>
/// Finds the name of a row's file in its texts, for messages: ML.NET's image loader does not say which file it could not decode, and a schema does not
/// tell the column it read the name from.
/// </summary>
internal sealed class FileNames(DataViewRow row, IReadOnlyList<DataViewSchema.Column> columns)
{
    private readonly (string Name, ValueGetter<ReadOnlyMemory<char>> Getter)[] _getters =
        [.. columns.Select(column => (column.Name, row.GetGetter<ReadOnlyMemory<char>>(column)))];

    /// <summary>Names the texts that look like a file and are not in a message yet: <c> (Path 'a.png')</c>, or nothing.</summary>
    public string Describe(string message)
    {
        var found = _getters.Select(column => (column.Name, Text: Read(column.Getter)))
            .Where(column => LooksLikeFile(column.Text) && !message.Contains(column.Text, StringComparison.Ordinal));
        var list = string.Join(", ", found.Select(column => $"{column.Name} '{column.Text}'"));
        return list.Length == 0 ? "" : $" ({list})";
    }

    private static string Read(ValueGetter<ReadOnlyMemory<char>> getter)
    {
        ReadOnlyMemory<char> text = default;
        getter(ref text);
        return text.ToString();
    }

    private static bool LooksLikeFile(string text)
    {
        const int longestPath = 1000, longestExtension = 6;
        return text.Length <= longestPath && Path.GetExtension(text) is { Length: > 1 and <= longestExtension } extension
            && extension.AsSpan(1).IndexOfAnyExcept(Letters) < 0;
    }

    private static readonly System.Buffers.SearchValues<char> Letters = System.Buffers.SearchValues.Create(
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789");
}
