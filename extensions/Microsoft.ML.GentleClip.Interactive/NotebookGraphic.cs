using System.Text;

namespace Microsoft.ML.GentleClip.Interactive;

/// <summary>A picture that a notebook shows as the value of a cell, as <c>image/svg+xml</c>.</summary>
[TypeFormatterSource(typeof(OutputFormatterSource), PreferredMimeTypes = [OutputFormatterSource.Svg, OutputFormatterSource.Text])]
public sealed class NotebookGraphic
{
    private readonly string _description;

    internal NotebookGraphic(string svg, string description) => (Svg, _description) = (svg, description);

    /// <summary>The picture as an SVG document; equal data give equal text.</summary>
    public string Svg { get; }

    /// <summary>Writes the picture to a file, replaced if it is there.</summary>
    /// <param name="path">File to write, <c>.svg</c>.</param>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public void Save(string path) => File.WriteAllText(path, Svg, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));

    /// <summary>What the picture shows, in a line.</summary>
    public override string ToString() => _description;
}
