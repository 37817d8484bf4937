using System.Diagnostics;
using Microsoft.DotNet.Interactive.Commands;
using Microsoft.DotNet.Interactive.CSharp;
using Microsoft.DotNet.Interactive.Events;

namespace Microsoft.ML.GentleClip.Notebooks;

/// <summary>What the cells of a notebook gave, run in order in one kernel.</summary>
/// <param name="Cells">Code cells that were run.</param>
/// <param name="Outputs">Outputs of each.</param>
/// <param name="Problems">Errors, and outputs that are missing or empty; the first error ends the run.</param>
/// <param name="Elapsed">Time of all cells.</param>
internal sealed record NotebookRun(int Cells, IReadOnlyList<IReadOnlyList<CellOutput>> Outputs, IReadOnlyList<string> Problems, TimeSpan Elapsed)
{
    public static async Task<NotebookRun> Of(NotebookFile notebook, PackageReferences packages)
    {
        var watch = Stopwatch.StartNew();
        var outputs = new List<IReadOnlyList<CellOutput>>();
        var problems = new List<string>();
        using var kernel = new CSharpKernel().UseKernelHelpers();
        foreach (string source in notebook.Sources)
        {
            int number = outputs.Count + 1;
            string? error;
            CellOutput[] given = [];
            try
            {
                var result = await kernel.SendAsync(new SubmitCode(packages.Resolve(source)));
                given = Collect(result.Events);
                error = result.Events.OfType<CommandFailed>().FirstOrDefault()?.Message
                    ?? result.Events.OfType<StandardErrorValueProduced>().FirstOrDefault()?.FormattedValues.First().Value;
            }
            catch (InvalidDataException problem)
            {
                error = problem.Message;
            }
            outputs.Add(given);
            if (error is not null)
            {
                problems.Add($"cell {number}: {error}");
                break;
            }
            if (given.Length == 0 && ExpectsOutput(source))
                problems.Add($"cell {number} gave no output, though its last line is an expression or it displays or prints.");
            if (Array.Exists(given, output => output.IsEmpty))
                problems.Add($"cell {number} gave an empty output.");
        }
        return new NotebookRun(outputs.Count, outputs, problems, watch.Elapsed);
    }

    // A script's last expression is its value; a line that ends in a semicolon or a brace is none.
    private static bool ExpectsOutput(string source)
    {
        string code = string.Join('\n', source.Split('\n').Where(line => !line.TrimStart().StartsWith("//", StringComparison.Ordinal) && !line.StartsWith('#')))
            .Trim();
        return code.Contains("isplay(", StringComparison.Ordinal) || code.Contains("Console.Write", StringComparison.Ordinal)
            || (code.Length > 0 && code[^1] is not (';' or '}'));
    }

    private static CellOutput[] Collect(IEnumerable<KernelEvent> events)
    {
        var outputs = new List<CellOutput>();
        var places = new Dictionary<string, int>();
        foreach (var value in events.OfType<DisplayEvent>())
        {
            var data = value.FormattedValues.ToDictionary(formatted => formatted.MimeType, formatted => formatted.Value.ReplaceLineEndings("\n"));
            switch (value)
            {
                case DisplayedValueUpdated { ValueId: { } id } when places.TryGetValue(id, out int place):
                    outputs[place] = outputs[place] with { Data = data };
                    break;
                case StandardOutputValueProduced when outputs is [.., { Kind: CellOutput.Printed } last]:
                    outputs[^1] =
                        last with { Data = new Dictionary<string, string> { [CellOutput.Plain] = last.Data[CellOutput.Plain] + data[CellOutput.Plain] } };
                    break;
                case StandardOutputValueProduced:
                    outputs.Add(new CellOutput(CellOutput.Printed, data));
                    break;
                case DisplayedValueProduced or ReturnValueProduced:
                    if (value.ValueId is { } named)
                        places[named] = outputs.Count;
                    outputs.Add(new CellOutput(value is ReturnValueProduced ? CellOutput.Result : CellOutput.Displayed, data));
                    break;
                default: // errors are read from the command's failure
                    break;
            }
        }
        return [.. outputs];
    }
}
