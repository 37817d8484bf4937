using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.ML;
using ProteinTasks.Data;
using ProteinTasks.Pretraining;

namespace ProteinTasks.Running;

/// <summary>A finished method and seed; seconds are those of the start that computed them.</summary>
internal sealed record Run(string Method, int Seed, Dictionary<string, double> Figures, double PretrainingSeconds, double EmbeddingSeconds, double TaskSeconds);

/// <summary>
/// Models, embeddings and figures that are done, each under a name that holds the hash of all that it depends on but the library's code. Files are
/// written beside and renamed, so that a process that is killed leaves no half of one.
/// </summary>
internal sealed class StageCache(string folder, ProteinData data, Settings settings)
{
    private const string Magic = "ProteinTasks embeddings 2";

    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true };

    private readonly string _folder = Directory.CreateDirectory(folder).FullName;

    public ITransformer? FindModel(Method method, int seed) =>
        ModelFile(method, seed) is var file && File.Exists(file) ? new MLContext { GpuDeviceId = settings.GpuDeviceId }.Model.Load(file, out _) : null;

    public void Keep(Method method, int seed, ITransformer model, DataViewSchema inputs) =>
        Write(ModelFile(method, seed), stream => new MLContext().Model.Save(model, inputs, stream));

    public (Embeddings Embeddings, double PretrainingSeconds, double EmbeddingSeconds)? FindEmbeddings(Method method, int seed)
    {
        string file = EmbeddingFile(method, seed);
        if (!File.Exists(file))
            return null;
        using var reader = new BinaryReader(File.OpenRead(file));
        if (reader.ReadString() != Magic)
            throw new InvalidDataException($"{file}: expected embeddings, found something else; delete the file.");
        var (pretraining, embedding) = (reader.ReadDouble(), reader.ReadDouble());
        var embeddings = new Embeddings(Rows(), Rows());
        var encoded = (Sequences: Rows(), Structures: Rows());
        return (encoded.Sequences.Length == 0 ? embeddings : embeddings with { Encoded = encoded }, pretraining, embedding);

        float[][] Rows()
        {
            var rows = new float[reader.ReadInt32()][];
            int width = reader.ReadInt32();
            for (int row = 0; row < rows.Length; row++)
                rows[row] = [.. Enumerable.Range(0, width).Select(_ => reader.ReadSingle())];
            return rows;
        }
    }

    public void Keep(Method method, int seed, Embeddings embeddings, double pretrainingSeconds, double embeddingSeconds) =>
        Write(EmbeddingFile(method, seed), stream =>
    {
        using var writer = new BinaryWriter(stream, Encoding.UTF8, leaveOpen: true);
        writer.Write(Magic);
        writer.Write(pretrainingSeconds);
        writer.Write(embeddingSeconds);
        var (sequences, structures) = embeddings.Encoded ?? ([], []);
        foreach (float[][] rows in (float[][][])[embeddings.Sequences, embeddings.Structures, sequences, structures])
        {
            writer.Write(rows.Length);
            writer.Write(rows.Length > 0 ? rows[0].Length : 0);
            foreach (float value in rows.SelectMany(row => row))
                writer.Write(value);
        }
    });

    public Run? FindRun(Method method, int seed) =>
        RunFile(method, seed) is var file && File.Exists(file) ? JsonSerializer.Deserialize<Run>(File.ReadAllText(file)) : null;

    public void Keep(Method method, Run run) => Write(RunFile(method, run.Seed), stream => JsonSerializer.Serialize(stream, run, Json));

    /// <summary>Writes beside, then renames.</summary>
    public static void Write(string file, Action<Stream> write)
    {
        string beside = file + ".part";
        using (var stream = File.Create(beside))
        {
            write(stream);
            stream.Flush(flushToDisk: true);
        }
        File.Move(beside, file, overwrite: true);
    }

    private string ModelFile(Method method, int seed) => Name(method, seed, "model.zip", Model(method, seed));

    private string EmbeddingFile(Method method, int seed) => Name(method, seed, "embeddings", Model(method, seed) + data.TaskHash);

    private string RunFile(Method method, int seed) =>
        Name(method, seed, "figures.json", string.Create(CultureInfo.InvariantCulture, $"{Model(method, seed)}{data.TaskHash}{settings.MinimumPositives}"));

    private string Model(Method method, int seed) => string.Create(CultureInfo.InvariantCulture,
        $"{data.PretrainingHash} {seed} {settings.Describe()} {method.Input} {method.Preset} {method.PairedShare} {method.IsTrained} "
            + $"{method.HasSelfSupervision} {method.HasMmd} {method.HasSdd}{(method.Base is { } name ? $" {name} {method.HasSelfTraining}" : "")}");

    private string Name(Method method, int seed, string what, string depends) => Path.Combine(_folder, string.Create(CultureInfo.InvariantCulture,
        $"{method.Name}-{seed}-{Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(depends)))[..16]}.{what}"));
}
