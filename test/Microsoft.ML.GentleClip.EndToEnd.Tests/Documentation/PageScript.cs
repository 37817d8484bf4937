using System.Collections.Immutable;
using System.Reflection;
using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Scripting;
using Microsoft.CodeAnalysis.Scripting;

namespace Microsoft.ML.GentleClip.Tests.Documentation;

/// <summary>A page's code as one script: each piece sees what those before it declared.</summary>
internal sealed partial class PageScript
{
    // What a new console project imports by itself, and the three lines that every program with this library begins with.
    private static readonly string[] Imports =
    [
        "System", "System.Collections.Generic", "System.IO", "System.Linq", "System.Threading", "System.Threading.Tasks",
        "Microsoft.ML", "Microsoft.ML.Data", "Microsoft.ML.GentleClip",
    ];

    private static readonly ScriptOptions Options = ScriptOptions.Default
        .WithReferences(((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator).Where(IsManaged)
            .Select(file => MetadataReference.CreateFromFile(file)))
        .WithImports(Imports)
        .WithLanguageVersion(LanguageVersion.Preview)
        .WithOptimizationLevel(OptimizationLevel.Release);

    private ScriptState<object>? _state;
    private Script? _compiled;

    /// <summary>Another script that sees what this one declared until now, and is not seen by it.</summary>
    public PageScript Fork() => new() { _state = _state, _compiled = _compiled };

    /// <summary>Runs a piece.</summary>
    /// <param name="code">The code.</param>
    /// <param name="file">Name in messages.</param>
    /// <param name="line">Line of the file before the code's first.</param>
    public async Task RunAsync(string code, string file, int line = 0)
    {
        string numbered = Numbered(code, file, line);
        try
        {
            _state = _state is null ? await CSharpScript.RunAsync(numbered, Options) : await _state.ContinueWithAsync(numbered, Options);
            _compiled = _state.Script;
        }
        catch (CompilationErrorException error)
        {
            throw new AssertFailedException($"{file}: does not compile: {string.Join(Environment.NewLine, error.Diagnostics)}", error);
        }
        catch (Exception error)
        {
            throw new AssertFailedException($"{file}:{line + 1} and following: compiles, but fails when run: {error}", error);
        }
    }

    /// <summary>Compiles a piece and does not run it; pieces that are compiled after it see it.</summary>
    public void Compile(string code, string file, int line)
    {
        string numbered = Numbered(code, file, line);
        _compiled = _compiled is null ? CSharpScript.Create(numbered, Options) : _compiled.ContinueWith<object>(numbered, Options);
        ImmutableArray<Diagnostic> diagnostics = _compiled.Compile();
        string[] errors = [.. diagnostics.Where(diagnostic => diagnostic.Severity == DiagnosticSeverity.Error).Select(diagnostic => diagnostic.ToString())];
        Assert.IsEmpty(errors, $"{file}: does not compile: {string.Join(Environment.NewLine, errors)}");
    }

    // Messages then name the lines of the page. A script's variables live on behind it, so its top level has no using declarations: there they become plain
    // ones.
    private static string Numbered(string code, string file, int line) => $"#line {line + 1} \"{file}\"\n{UsingDeclaration().Replace(code, "")}";

    private static bool IsManaged(string file)
    {
        try
        {
            AssemblyName.GetAssemblyName(file);
            return true;
        }
        catch (BadImageFormatException)
        {
            return false;
        }
    }

    [GeneratedRegex(@"^using (?=(?!static\b)[\w<>.]+ \w+ = )", RegexOptions.Multiline)]
    private static partial Regex UsingDeclaration();
}
