using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.Data;

namespace Distributed;

/// <summary>Scores one part of the rows. Parts know nothing of each other: start them in any order, on any machines, and again where one failed.</summary>
internal sealed class Scoring(TextWriter output)
{
    private const int RowsBetweenChecks = 256;

    public int Run(string model, string folder, int rows, Part part, CancellationToken cancellation)
    {
        Directory.CreateDirectory(folder);
        var file = Path.Combine(folder, part.FileName);
        if (File.Exists(file))
        {
            // Whole or not at all; but another number of rows was asked for where its lines are others.
            int expected = part.Rows(rows).Count(), found = File.ReadLines(file).Count();
            if (found != expected)
                throw new IOException(string.Create(CultureInfo.InvariantCulture,
                    $"{file} is there already with {found} rows, expected {expected}: it is of another --rows. Delete it, or name another folder with --out."));
            output.WriteLine($"{part.FileName} is there already.");
            return 0;
        }
        var mlContext = new MLContext();
        using var scorer = (IDisposable)mlContext.Model.Load(model, out _);
        var own = mlContext.Data.LoadFromEnumerable(part.Rows(rows).Select(id => MadeUpRow.Make(id, isWhole: true)));
        var scored = ((ITransformer)scorer).Transform(own);
        var temporary = $"{file}.{Guid.NewGuid():n}.tmp";
        var written = 0;
        try
        {
            using (var writer = new StreamWriter(temporary))
            using (var cursor = scored.GetRowCursor([scored.Schema["Id"], scored.Schema["EmbeddingA"]]))
            {
                var (getId, getEmbedding) = (cursor.GetGetter<long>(scored.Schema["Id"]), cursor.GetGetter<VBuffer<float>>(scored.Schema["EmbeddingA"]));
                long id = 0;
                VBuffer<float> embedding = default;
                while (cursor.MoveNext())
                {
                    if (written++ % RowsBetweenChecks == 0)
                        cancellation.ThrowIfCancellationRequested();
                    getId(ref id);
                    getEmbedding(ref embedding);
                    var values = embedding.DenseValues().Select(value => value.ToString("R", CultureInfo.InvariantCulture));
                    writer.WriteLine($"{id.ToString(CultureInfo.InvariantCulture)}\t{string.Join('\t', values)}");
                }
            }
            // Whole or not at all: what is there under its name is finished.
            File.Move(temporary, file, overwrite: true);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{part.FileName}: {written} rows."));
        return 0;
    }
}
