using System.Globalization;
using System.Text;

namespace Microsoft.ML.GentleClip.Evaluation;

/// <summary>A title, a head, and lines of a name and numbers under each other.</summary>
internal sealed class TextTable
{
    private const int NumberWidth = 10;

    private readonly int _nameWidth;
    private readonly StringBuilder _text = new();

    public TextTable(string title, params ReadOnlySpan<string> head) : this(12, title, head)
    {
    }

    public TextTable(int nameWidth, string title, params ReadOnlySpan<string> head)
    {
        _nameWidth = nameWidth;
        _text.Append(title);
        if (head.IsEmpty)
            return;
        _text.AppendLine().Append(' ', nameWidth);
        foreach (var name in head)
            _text.Append(name.PadLeft(NumberWidth));
    }

    /// <summary>Adds a line.</summary>
    public void Line(string name, string format, params ReadOnlySpan<double> values)
    {
        _text.AppendLine().Append(name.PadRight(_nameWidth));
        foreach (var value in values)
            _text.Append(value.ToString(format, CultureInfo.InvariantCulture).PadLeft(NumberWidth));
    }

    /// <inheritdoc/>
    public override string ToString() => _text.ToString();
}
