using System.Text;

namespace Microsoft.ML.GentleClip.Data;

/// <summary>Walks through a CIF file and hands the rows of the wanted categories over, whether they stand in loops or as single values.</summary>
internal sealed class CifParser
{
    private const int LongestTag = 256;

    private readonly LineReader _lines;
    private readonly CifTable _first;
    private readonly HashSet<CifTable> _single = [];
    private readonly Dictionary<string, (CifTable Table, int Item)>.AlternateLookup<ReadOnlySpan<char>> _items;

    /// <summary>A parser of these categories.</summary>
    public CifParser(LineReader lines, params CifTable[] tables)
    {
        (_lines, _first) = (lines, tables[0]);
        _items = tables.SelectMany(table => table.Items.Select((item, i) => KeyValuePair.Create($"_{table.Category}.{item}", (table, i))))
            .ToDictionary(StringComparer.OrdinalIgnoreCase).GetAlternateLookup<ReadOnlySpan<char>>();
    }

    /// <summary>Reads data blocks until one was enough.</summary>
    /// <param name="isEnough">Asked after each block.</param>
    /// <param name="further">Told when a block behind has the category of the first table, which is not read any more.</param>
    /// <exception cref="InvalidDataException">The file is broken; the message names file, line and reason.</exception>
    public void Read(Func<bool> isEnough, Action further)
    {
        var tokens = new CifTokenizer(_lines);
        tokens.Read();
        while (tokens.Kind != CifToken.End)
        {
            switch (tokens.Kind)
            {
                case CifToken.Block:
                    FinishSingle();
                    if (isEnough())
                    {
                        if (HasFurther(ref tokens))
                            further();
                        return;
                    }
                    tokens.Read();
                    break;
                case CifToken.Loop:
                    FinishSingle(); // a row of single values and a loop of one category would share its table
                    Loop(ref tokens);
                    break;
                case CifToken.Tag:
                    Single(ref tokens);
                    break;
                case CifToken.Save:
                    tokens.Read();
                    break;
                default:
                    throw _lines.Error($"the value {Field.Quote(tokens.Text)} belongs to no name");
            }
        }
        FinishSingle();
    }

    // What is wrong behind the block that counts is no problem.
    private bool HasFurther(ref CifTokenizer tokens)
    {
        try
        {
            while (tokens.Read() != CifToken.End)
            {
                if (tokens.Kind == CifToken.Tag && Find(tokens.Text) is var (table, _) && table == _first)
                    return true;
            }
        }
        catch (InvalidDataException)
        {
        }
        return false;
    }

    private void Loop(ref CifTokenizer tokens)
    {
        var opened = _lines.LineNumber;
        CifTable? wanted = null;
        var columns = new List<int>();
        while (tokens.Read() == CifToken.Tag)
        {
            var found = Find(tokens.Text);
            if (wanted is null && found is not null)
                (wanted = found.Value.Table).Begin();
            columns.Add(found is var (table, item) && table == wanted ? item : -1);
            if (columns[^1] >= 0)
                wanted!.Declare(columns[^1]);
        }
        if (columns.Count == 0)
            throw _lines.ErrorAt(opened, "expected names behind 'loop_', found none");

        var column = 0;
        for (; tokens.Kind is CifToken.Value or CifToken.Null; tokens.Read())
        {
            if (columns[column] >= 0 && tokens.Kind == CifToken.Value)
                wanted!.Set(columns[column], tokens.Text);
            if (++column < columns.Count)
                continue;
            column = 0;
            wanted?.Complete();
        }
        if (column != 0)
            throw _lines.Error($"the last row of the loop that opens in line {opened} has {column} values, expected {columns.Count}");
    }

    private void Single(ref CifTokenizer tokens)
    {
        var found = Find(tokens.Text);
        var name = Field.Quote(tokens.Text);
        var line = _lines.LineNumber;
        if (tokens.Read() is not (CifToken.Value or CifToken.Null))
            throw _lines.ErrorAt(line, $"{name} has no value");
        if (found is var (table, item))
        {
            if (_single.Add(table))
                table.Begin();
            table.Declare(item);
            if (tokens.Kind == CifToken.Value)
                table.Set(item, tokens.Text);
        }
        tokens.Read();
    }

    private void FinishSingle()
    {
        foreach (var table in _single)
            table.Complete();
        _single.Clear();
    }

    private (CifTable Table, int Item)? Find(ReadOnlySpan<byte> tag)
    {
        Span<char> letters = stackalloc char[LongestTag];
        return tag.Length <= LongestTag
            && Ascii.ToUtf16(tag, letters, out var length) == System.Buffers.OperationStatus.Done
            && _items.TryGetValue(letters[..length], out var found)
            ? found
            : null;
    }
}
