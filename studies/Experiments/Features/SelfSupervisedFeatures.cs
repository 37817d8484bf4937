using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Experiments.Configuration;
using Experiments.Data;
using Experiments.Running;
using Microsoft.ML.GentleClip;
using static TorchSharp.torch;

namespace Experiments.Features;

/// <summary>
/// Puts features of two networks, one for each view, in the place of pictures. Each learns from half of the rows that are no test rows, without labels or
/// pairs; no row teaches both. Features are kept in a file, so that a second start has the same ones at once.
/// </summary>
internal static class SelfSupervisedFeatures
{
    /// <summary>Changes when the training does, so that no older features are taken over.</summary>
    private const int Version = 1;

    /// <param name="pictures">Views of pixels.</param>
    /// <param name="config">The data set.</param>
    /// <param name="experiment">Test rows, and threads of each network.</param>
    /// <param name="folder">Where features are kept; null to leave the pictures as they are, for a plan, which needs no numbers.</param>
    /// <param name="parallel">Networks trained at a time.</param>
    /// <param name="note">Told what is computed.</param>
    /// <param name="cancellation">Stops the training; nothing is kept of it.</param>
    /// <exception cref="ConfigurationException">The pictures are not of the size that the configuration says.</exception>
    /// <exception cref="InvalidDataException">The file of features is not whole.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static TwoViewData Apply(
        TwoViewData pictures, DataConfig config, ExperimentConfig experiment, string? folder, int parallel, Action<string> note, CancellationToken cancellation)
    {
        if (config.SelfSupervised is not { } settings)
            return pictures;
        foreach (var dimension in new[] { pictures.DimensionA, pictures.DimensionB })
            if (dimension != settings.Pixels)
            {
                throw new ConfigurationException(
                    $"{experiment.File}: data \"{config.Name}\": selfSupervised: expected pictures of {settings.Width} x {settings.Height} x "
                        + $"{settings.Channels} = {settings.Pixels} numbers, found {dimension}.");
            }

        if (folder is null)
            return pictures;
        var tests = config.TestRows ?? experiment.TestRows;
        var (rowsA, rowsB) = TrainingRows(pictures, tests, experiment.SplitSeed);
        // The rows by number: settings that give the same ones share their features.
        var described = $"{Version} {pictures.Hash} {settings} {experiment.Threads} {string.Join(',', rowsA)} {string.Join(',', rowsB)}";
        var hash = Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(described)))[..32];
        var file = Path.Combine(folder, $"features-{hash}.bin");
        float[][] a = [.. pictures.A.OfType<float[]>()], b = [.. pictures.B.OfType<float[]>()];
        if (!File.Exists(file))
        {
            note($"{config.Name}: training two networks of {settings.Steps} steps on {rowsA.Length} and {rowsB.Length} other pictures");
            _ = new GentleClipOptions(); // the library helps torch to load, so it comes first
            var features = new float[2][][];
            var timer = new SharedTimer();
            var share = timer.Start();
            try
            {
                Parallel.For(0, 2, new ParallelOptions { MaxDegreeOfParallelism = parallel, CancellationToken = cancellation }, view =>
                {
                    set_num_threads(experiment.Threads);
                    using var network = new PictureNetwork(settings, 2 * settings.Seed + view);
                    network.Train(view == 0 ? [.. rowsA.Select(row => pictures.A[row]!)] : [.. rowsB.Select(row => pictures.B[row]!)], cancellation);
                    features[view] = network.Embed(view == 0 ? a : b);
                });
            }
            catch (AggregateException problems) when (problems.InnerExceptions.All(problem => problem is OperationCanceledException))
            {
                cancellation.ThrowIfCancellationRequested();
            }

            Save(file, hash, features, timer.Stop(share));
        }

        (a, b, var time) = Load(file, hash, a.Length, b.Length);
        var result = new TwoViewData(pictures.Name, Place(pictures.A, a), Place(pictures.B, b), pictures.Labels, hash) { NetworkTime = time };
        var (measured, _) = RowSplit.Tests(pictures, tests, experiment.SplitSeed);
        note(string.Create(CultureInfo.InvariantCulture,
            $"{config.Name}: features of {Path.GetFileName(file)}; linear CKA of both views on the test rows {Cka(result, measured):0.00}"));
        return result;
    }

    /// <summary>
    /// Rows whose A teaches the first network, and rows whose B teaches the second: two halves of the rows that are no test rows, with no row in common.
    /// </summary>
    public static (int[] A, int[] B) TrainingRows(TwoViewData data, RowCount testRows, int splitSeed)
    {
        var (tests, _) = RowSplit.Tests(data, testRows, splitSeed);
        int[] others = [.. Enumerable.Range(0, data.Rows).Except(tests)];
        new Random(splitSeed).Shuffle(others);
        return (
            [.. others[..(others.Length / 2)].Where(row => data.A[row] is not null)],
            [.. others[(others.Length / 2)..].Where(row => data.B[row] is not null)]);
    }

    // Hash, rows of A, rows of B, numbers in a row; the numbers; what they took, which older files lack.
    private static void Save(string file, string hash, float[][][] features, ComputingTime time)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        var beside = $"{file}.{Guid.NewGuid():N}.part"; // whoever finds the file finds all of it
        using (var writer = new BinaryWriter(File.Create(beside)))
        {
            writer.Write(hash);
            writer.Write(features[0].Length);
            writer.Write(features[1].Length);
            writer.Write(PictureNetwork.Features);
            foreach (var value in features.SelectMany(view => view).SelectMany(row => row))
                writer.Write(value);
            writer.Write(time.WallSeconds);
            writer.Write(time.ProcessorSeconds);
        }

        File.Move(beside, file, overwrite: true);
    }

    private static (float[][] A, float[][] B, ComputingTime? Time) Load(string file, string hash, int rowsA, int rowsB)
    {
        using var reader = new BinaryReader(File.OpenRead(file));
        try
        {
            if (reader.ReadString() == hash && reader.ReadInt32() == rowsA && reader.ReadInt32() == rowsB && reader.ReadInt32() is var width and > 0
                && reader.BaseStream.Length - reader.BaseStream.Position - sizeof(float) * (long)width * (rowsA + rowsB) is var rest
                    and (0 or 2 * sizeof(double)))
            {
                return (Rows(rowsA, width), Rows(rowsB, width), rest == 0 ? null : new ComputingTime(reader.ReadDouble(), reader.ReadDouble()));
            }
        }
        catch (EndOfStreamException)
        {
        }

        throw new InvalidDataException(
            $"{file}: expected the features of {rowsA} and {rowsB} pictures, found {reader.BaseStream.Length} bytes that are not; without the file they are "
                + $"computed again.");

        float[][] Rows(int count, int width) =>
            [.. Enumerable.Range(0, count).Select(_ => Enumerable.Range(0, width).Select(_ => reader.ReadSingle()).ToArray())];
    }

    // A row without a picture has no features either.
    private static float[]?[] Place(float[]?[] pictures, float[][] features)
    {
        var next = 0;
        return Array.ConvertAll(pictures, picture => picture is null ? null : features[next++]);
    }

    // |Xc' Yc|² / (|Xc' Xc| |Yc' Yc|): 1 where both views have the same geometry.
    private static double Cka(TwoViewData data, int[] rows)
    {
        using var scope = NewDisposeScope();
        var (x, y) = (Centred(data.A), Centred(data.B));
        return (x.t().matmul(y).square().sum() / (x.t().matmul(x).norm() * y.t().matmul(y).norm())).item<double>();

        Tensor Centred(float[]?[] side)
        {
            var matrix = tensor(rows.SelectMany(row => side[row]!).ToArray(), [rows.Length, PictureNetwork.Features]).to(ScalarType.Float64);
            return matrix - matrix.mean([0]);
        }
    }
}
