using System.CommandLine;
using System.Globalization;
using Microsoft.ML.GentleClip.Programs;
using CliCommand = System.CommandLine.Command;

namespace Microsoft.ML.GentleClip.Tool;

/// <summary>The command line.</summary>
internal static class ToolCommand
{
    /// <summary>Makes it around what is to be done.</summary>
    public static RootCommand Create(Commands commands) => new(
        """
        Aligns two tables that share an id: learns one space from the rows that are in both and from those that are in one of them, so that rows of the
        one find rows of the other.

        A side is a table, CSV or TSV (.gz too) with a header or Parquet, with a column of ids and columns of numbers; or FASTA files; or a folder of protein
        structures, PDB or mmCIF.

        Example:
          gentleclip fit spectra.csv images.csv --id sample --test 0.2
          gentleclip search model.zip new-spectra.csv images.csv --id sample
          gentleclip fit sequences.fasta structures --steps 500

        Exit code 0: done; 1: a file or its content is not as expected; 2: wrong arguments; 130: stopped by Ctrl-C.
        """)
    {
        Fit("fit", "Learns from two tables and saves the model.", commands.Fit),
        Fit("plan", "Says what 'fit' would do with the same arguments, and learns nothing.", commands.Plan),
        Embed(commands),
        Search(commands),
        Evaluate(commands),
    };

    private static CliCommand Fit(string name, string description, Func<FitArguments, int> run)
    {
        Argument<string> a = File("A", "The first table, FASTA file or folder of structures."), b = File("B", "The second.");
        var (id, idB, byFile) = Ids();
        var columnsA = CommandOption.List("--columns-a", "LIST",
            "Columns of A to learn from, separated by commas. Without it, all columns of numbers.", column => Column("--columns-a", column));
        var columnsB = CommandOption.List("--columns-b", "LIST", "The same for B.", column => Column("--columns-b", column));
        var model = CommandOption.Text("--out", "FILE", "Where the model is saved.", "model.zip");
        var overwrite = Overwrite();
        var steps = CommandOption.OptionalNumber("--steps", "N",
            "Trains neural networks for so many steps as well, which takes minutes. Without it, tables get only the closed form, which takes seconds.");
        var test = CommandOption.Of<double?>("--test", "SHARE", "Share of the pairs to test on and not to learn from, 0 to 0.9. Without it, none.", text =>
            double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var share) && share is >= 0 and <= 0.9
                ? share
                : throw new ArgumentException($"--test needs a share from 0 to 0.9, such as 0.2, found '{text}'."));
        var seed = CommandOption.Number("--seed", "N", "Equal seeds give equal models.", 1, 0);
        var command = new CliCommand(name, description) { a, b, id, idB, byFile, columnsA, columnsB, model, overwrite, steps, test, seed };
        command.SetAction(result => run(new FitArguments(
            result.GetRequiredValue(a), result.GetRequiredValue(b), Names(result, id, idB, byFile), result.GetValue(columnsA),
            result.GetValue(columnsB), result.GetValue(model)!, result.GetValue(overwrite), result.GetValue(steps),
            result.GetValue(test) ?? 0, result.GetValue(seed))));
        return command;
    }

    private static CliCommand Embed(Commands commands)
    {
        Argument<string> model = File("MODEL", "A model that 'fit' saved."), table = File("TABLE", "A table with the columns of either side.");
        var (id, _, byFile) = Ids();
        var side = Side("--side", "the table");
        var to = CommandOption.Text("--out", "FILE", "Where the embeddings are written.", "embeddings.csv");
        var overwrite = Overwrite();
        var command = new CliCommand("embed", "Writes the embedding of each row of a table, as CSV.") { model, table, id, byFile, side, to, overwrite };
        command.SetAction(result => commands.Embed(new EmbedArguments(
            result.GetRequiredValue(model), result.GetRequiredValue(table), Names(result, id, null, byFile), result.GetValue(side),
            result.GetValue(to)!, result.GetValue(overwrite))));
        return command;
    }

    private static CliCommand Search(Commands commands)
    {
        Argument<string> model = File("MODEL", "A model that 'fit' saved."), queries = File("QUERIES", "A table with the columns of either side."),
            bank = File("BANK", "The table to search, of the other side or of the same.");
        var (id, idB, byFile) = Ids();
        Option<string?> side = Side("--side", "the queries"), bankSide = Side("--bank-side", "the table to search");
        var count = CommandOption.Number("--count", "N", "Rows to find for each query.", 5);
        var command = new CliCommand("search", "Prints the nearest rows of a table for each row of another, as CSV.")
        {
            model, queries, bank, id, idB, byFile, side, bankSide, count,
        };
        command.SetAction(result => commands.Search(new SearchArguments(
            result.GetRequiredValue(model), result.GetRequiredValue(queries), result.GetRequiredValue(bank),
            Names(result, id, idB, byFile), result.GetValue(side), result.GetValue(bankSide), result.GetValue(count))));
        return command;
    }

    private static CliCommand Evaluate(Commands commands)
    {
        Argument<string> model = File("MODEL", "A model that 'fit' saved."), a = File("A", "A table of one side."), b = File("B", "A table of the other.");
        var (id, idB, byFile) = Ids();
        var command = new CliCommand("evaluate", "Measures how often rows with the same id find each other, beside guessing. Use rows that 'fit' has not seen.")
        {
            model, a, b, id, idB, byFile,
        };
        command.SetAction(result => commands.Evaluate(
            result.GetRequiredValue(model), result.GetRequiredValue(a), result.GetRequiredValue(b),
            Names(result, id, idB, byFile)));
        return command;
    }

    private static string Column(string option, string name) =>
        name.Length > 0 ? name : throw new ArgumentException($"{option} has an empty name; expected names of columns, separated by commas.");

    private static Argument<string> File(string name, string description) => new(name) { Description = description };

    private static Option<bool> Overwrite() => CommandOption.Flag("--overwrite", "Replaces FILE where it is there already; without it, that is an error.");

    private static Option<string?> Side(string name, string what) =>
        CommandOption.Text(name, "A|B", $"The model's side for {what}. Needed only where the file fits both sides.");

    private static (Option<string?> Id, Option<string?> IdB, Option<bool> ByFile) Ids() => (
        CommandOption.Text("--id", "COLUMN", "Name of a table's column of ids. Sequences and protein chains are known by their identifiers."),
        CommandOption.Text("--id-b", "COLUMN", "Its name in the second table, where it is another."),
        CommandOption.Flag("--file-ids", "A protein chain is known by its file's name, 1abc, and not by file and chain, 1abc_A."));

    private static IdNames Names(ParseResult result, Option<string?> id, Option<string?>? idB, Option<bool> byFile) =>
        new(result.GetValue(id), idB is null ? null : result.GetValue(idB), result.GetValue(byFile));
}
