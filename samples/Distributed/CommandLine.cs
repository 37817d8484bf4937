using System.CommandLine;
using Microsoft.ML.GentleClip.Programs;

namespace Distributed;

/// <summary>The two commands.</summary>
internal static class CommandLine
{
    /// <summary>The commands around what they do.</summary>
    public static RootCommand Create(TextWriter output, CancellationToken cancellation) =>
        new("Trains in several processes, and scores in many.") { Train(output, cancellation), Score(output, cancellation) };

    private static Command Train(TextWriter output, CancellationToken cancellation)
    {
        var model = CommandOption.Text("--model", "FILE", "Where rank 0 saves the model.", "model.zip");
        var shards = CommandOption.Number("--shards", "V", "Shards of a batch; any number of processes that divides it gives the same model.", 4);
        var steps = CommandOption.Number("--steps", "N", "Training steps.", 200);
        var checkpoints = CommandOption.Text("--checkpoints", "FOLDER", "Where rank 0 leaves checkpoints, to go on from after a fault.");
        var timeout = CommandOption.Number("--timeout", "SECONDS", "How long a process waits for the others before it takes one for lost.", 600);
        var command = new Command("train", "Trains on made-up rows, alone or under mpirun.") { model, shards, steps, checkpoints, timeout };
        command.SetAction(result => new Training(output).Run(
            new TrainingSettings(
                result.GetValue(model)!, result.GetValue(shards), result.GetValue(steps), result.GetValue(checkpoints), result.GetValue(timeout)),
            cancellation));
        return command;
    }

    private static Command Score(TextWriter output, CancellationToken cancellation)
    {
        var model = CommandOption.Text("--model", "FILE", "The saved model.", "model.zip");
        var folder = CommandOption.Text("--out", "FOLDER", "Where the part's file goes.", "embeddings");
        var rows = CommandOption.Number("--rows", "N", "How many rows there are to score.", 10_000);
        var part = CommandOption.OptionalNumber(
            "--part", "I", "Which part this process scores, from 1. Default: SLURM_ARRAY_TASK_ID or JOB_COMPLETION_INDEX, else 1.");
        var parts = CommandOption.OptionalNumber("--parts", "N", "How many parts there are. Default: SLURM_ARRAY_TASK_COUNT, else 1.");
        var command = new Command("score", "Scores the rows of one part of several into one file; needs no MPI.") { model, folder, rows, part, parts };
        command.SetAction(result => new Scoring(output).Run(
            result.GetValue(model)!, result.GetValue(folder)!, result.GetValue(rows),
            Part.Of(result.GetValue(part), result.GetValue(parts), Environment.GetEnvironmentVariable), cancellation));
        return command;
    }
}
