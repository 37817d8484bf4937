using System.Text.Json;
using Microsoft.ML.GentleClip;

/// <summary>The command tower-inputs: arrays of a graph from its metadata alone, as a program without torch makes them.</summary>
internal static class OnnxInputCommands
{
    /// <summary>The exit code, or null where the command is another's.</summary>
    public static int? Run(string[] args)
    {
        if (args is not ["tower-inputs", .. var files])
            return null;
        foreach (var file in files)
        {
            var inputs = OnnxPreprocessor.FromMetadata(JsonSerializer.Deserialize<Dictionary<string, string>>(File.ReadAllText(file))!);
            var arrays = inputs.Modality switch
            {
                ProteinStructureModality => inputs.Create([new AlphaCarbonTrace(new float[] { 0, 0, 0, 4, 0, 0, 8, 1, 0 })]),
                VectorModality => inputs.Create<float[]>([[1, 2, 3]]),
                _ => inputs.Create(["MKV", "MKVLA"]),
            };
            Console.WriteLine(
                $"{inputs.Modality.InputColumnName}: {string.Join(", ", arrays.Select(array => $"{array.Name} [{string.Join(' ', array.Shape)}]"))}");
        }
        return 0;
    }
}
