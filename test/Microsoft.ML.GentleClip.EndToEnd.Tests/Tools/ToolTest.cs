using System.Globalization;
using Microsoft.ML.GentleClip.Programs;
using Microsoft.ML.GentleClip.Tests.Runtime;
using Microsoft.ML.GentleClip.Tool;

namespace Microsoft.ML.GentleClip.Tests.Tools;

/// <summary>A test of the command gentleclip: a folder that is gone afterwards, and what the command prints and returns.</summary>
public abstract class ToolTest : IDisposable
{
    /// <summary>Made-up spectra and images, 60 of them pairs.</summary>
    private protected static readonly string Spectra = Path.Combine(Repository.Root, "test", "data", "tables", "spectra.csv"),
        Images = Path.Combine(Repository.Root, "test", "data", "tables", "images.csv");

    private readonly StringWriter _output = new(CultureInfo.InvariantCulture), _error = new(CultureInfo.InvariantCulture);

    public TestContext TestContext { get; set; } = null!;

    private protected TemporaryFolder Folder { get; } = new();

    /// <summary>What was printed since the last call of <see cref="Clear"/>.</summary>
    private protected string Output => _output.ToString();

    /// <summary>The same of the error stream.</summary>
    private protected string Error => _error.ToString();

    public void Dispose()
    {
        Folder.Dispose();
        _output.Dispose();
        _error.Dispose();
        GC.SuppressFinalize(this);
    }

    private protected void Clear()
    {
        _output.GetStringBuilder().Clear();
        _error.GetStringBuilder().Clear();
    }

    /// <summary>Writes a file into the folder, and says where it is.</summary>
    private protected string Write(string name, string text)
    {
        File.WriteAllText(Folder.File(name), text);
        return Folder.File(name);
    }

    /// <summary>The command's exit code; what it complains of is thrown.</summary>
    private protected Task<int> RunAsync(params string[] arguments) => RunAsync(TestContext.CancellationToken, arguments);

    private protected Task<int> RunAsync(CancellationToken cancellation, params string[] arguments) =>
        ConsoleProgram.RunAsync(ToolCommand.Create(new Commands(_output, _error, cancellation)), arguments, _output, _error);

    /// <summary>The command complains, and says what is expected here.</summary>
    private protected async Task AssertSays(string expected, params string[] arguments)
    {
        var problem = await Assert.ThrowsAsync<Exception>(() => RunAsync(arguments));
        Assert.Contains(expected, problem.Message);
    }
}
