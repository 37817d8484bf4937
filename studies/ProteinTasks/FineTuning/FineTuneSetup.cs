using System.Text.Json;
using System.Text.Json.Nodes;
using ProteinTasks.Data;
using ProteinTasks.Pretraining;

namespace ProteinTasks.FineTuning;

/// <summary>
/// All that the figures of a fine-tuning depend on beside a row's encoders and seed. It is kept with the rows, so that figures of another set-up are not
/// taken for those of this one. Methods and seeds are not of it: starts with others share a file.
/// </summary>
internal sealed record FineTuneSetup
{
    /// <summary>The protocol, or settings that are compared on a side.</summary>
    public required string Study { get; init; }

    /// <summary>Folds that are told apart, the most frequent ones.</summary>
    public required int Folds { get; init; }

    /// <summary>Training domains of a fold at most.</summary>
    public required int DomainsOfFold { get; init; }

    /// <summary>Domains of a test set at most.</summary>
    public required int TestDomains { get; init; }

    /// <summary>Chains of a label file and split at most.</summary>
    public required int LabelledChains { get; init; }

    /// <summary>Held-out chains of the search at most.</summary>
    public required int HeldOut { get; init; }

    /// <summary>Training chains that a label has at least.</summary>
    public required int MinimumPositives { get; init; }

    /// <summary>Names of the label files.</summary>
    public required IReadOnlyList<string> LabelFiles { get; init; }

    /// <summary>All that changes a pretrained model: sizes, steps, pairs, crops, rates, device.</summary>
    public required string Pretraining { get; init; }

    /// <summary>Optimiser steps of a fine-tuning; half of them are a row of their own.</summary>
    public required int Steps { get; init; }

    /// <summary>Rows in a batch of a fine-tuning.</summary>
    public required int Batch { get; init; }

    /// <summary>Rates and dropout of a fine-tuning; a comparison has those of its rows.</summary>
    public required string Tuning { get; init; }

    /// <summary>Stands for the content of the files that pretraining reads.</summary>
    public required string PretrainingData { get; init; }

    /// <summary>Stands for the content of all files.</summary>
    public required string TaskData { get; init; }

    /// <summary>So many of the most frequent folds and labels, and of each so many rows, that a seed takes minutes.</summary>
    /// <param name="commandLine">What is asked for.</param>
    /// <param name="settings">Sizes.</param>
    /// <param name="data">All rows, before they are cut to the set-up.</param>
    /// <exception cref="InvalidDataException">A file is malformed; the message names file and line.</exception>
    public static FineTuneSetup Of(CommandLine commandLine, Settings settings, out ProteinData data)
    {
        bool tiny = commandLine.Tiny;
        int domainsOfFold = tiny ? 6 : 25;
        data = ProteinData.Read(commandLine.DataFolder, commandLine.LabelFiles, domainsOfFold, tiny);
        return new FineTuneSetup
        {
            Study = $"{(commandLine.Windows ? "forms of the windows" : !commandLine.Grid ? "protocol"
                : commandLine.GridSide is null ? "settings, both sides" : "settings, structure")}{(commandLine.Choose ? ", to choose" : "")}",
            Folds = tiny ? 4 : 20,
            DomainsOfFold = domainsOfFold,
            TestDomains = tiny ? 20 : 200,
            LabelledChains = tiny ? 30 : 500,
            HeldOut = tiny ? 20 : 300,
            MinimumPositives = settings.MinimumPositives,
            LabelFiles = [.. data.LabelFiles.Select(file => file.Name)],
            Pretraining = settings.Describe(),
            Steps = settings.TuningSteps,
            Batch = settings.TuningBatch,
            Tuning = commandLine.Grid ? "that of each row" : $"{TuningSetting.Study}",
            PretrainingData = data.PretrainingHash,
            TaskData = data.TaskHash,
        };
    }

    /// <summary>What another set-up has otherwise, in words; empty where they are the same.</summary>
    public string DifferencesFrom(FineTuneSetup other)
    {
        JsonObject mine = AsJson(this), others = AsJson(other);
        return string.Join("; ", mine.Where(value => !JsonNode.DeepEquals(value.Value, others[value.Key]))
            .Select(value => $"{value.Key} is {others[value.Key]?.ToJsonString()}, expected {value.Value?.ToJsonString()}"));

        static JsonObject AsJson(FineTuneSetup setup) => JsonSerializer.SerializeToNode(setup)!.AsObject();
    }
}
