using System.CommandLine;
using FineTuningStart;
using Microsoft.ML.GentleClip.Programs;

return await ConsoleProgram.RunAsync(args, cancellation =>
{
    var data = CommandOption.Text("--data", "FILE", "mfeat.tsv.gz: label, then views of numbers, a heading with their names.");
    data.Required = true;
    var seeds = CommandOption.Number("--seeds", "N", "Seeds 1 to N: the split, the weights, the batches.", 3);
    var tune = CommandOption.Flag("--tune", "Compares settings on views and a seed that the tables do not read.");
    var command = new RootCommand("Fine-tunes encoders of digits from the prior and from the solved head, beside frozen features.") { data, seeds, tune };
    command.SetAction(result =>
    {
        var study = new Study(Digits.Read(result.GetRequiredValue(data)!), Console.Out, cancellation);
        if (result.GetValue(tune))
            study.Tune();
        else
            study.Compare(result.GetValue(seeds));
    });
    return command;
});
