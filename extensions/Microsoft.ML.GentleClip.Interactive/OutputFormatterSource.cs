namespace Microsoft.ML.GentleClip.Interactive;

/// <summary>The formatters of everything here that a notebook shows.</summary>
internal sealed class OutputFormatterSource
{
    public const string Html = "text/html", Svg = "image/svg+xml", Text = "text/plain";

    private readonly OutputFormatter[] _formatters = [new(Html), new(Svg), new(Text)];

    public IEnumerable<object> CreateTypeFormatters() => _formatters;

    /// <summary>Writes an output in one MIME type, or says that it has none of it.</summary>
    internal sealed class OutputFormatter(string mimeType)
    {
        public string MimeType { get; } = mimeType;

        public bool Format(object instance, TextWriter writer)
        {
            string? text = (instance, MimeType) switch
            {
                (NotebookGraphic graphic, Svg) => graphic.Svg,
                // Where a table or a page is asked for, the picture is put into it.
                (NotebookGraphic graphic, Html) => graphic.Svg,
                (NotebookTable table, Html) => table.Html,
                (TrainingState state, Html) => state.Html,
                (NotebookGraphic or NotebookTable or TrainingState, Text) => instance.ToString(),
                _ => null,
            };
            writer.Write(text);
            return text is not null;
        }
    }
}
