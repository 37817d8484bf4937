// The page names the columns in their order, and the width of the default encoder.
string[] found = [.. scored.Schema.TakeLast(3).Select(column => column.Name)];
if (!found.SequenceEqual(["SpectrumEmbedding", "ImageEmbedding", "SpectrumFeatures"]))
    throw new InvalidOperationException($"Columns {string.Join(", ", found)}.");
if (((VectorDataViewType)scored.Schema["SpectrumFeatures"].Type).Size != 256)
    throw new InvalidOperationException("Another width.");
var generated = await features.GenerateAsync([Vector(3, 4)]);
float[] row = scored.GetColumn<float[]>("SpectrumFeatures").ElementAt(3);
if (generated[0].Vector.ToArray().Zip(row).Any(slots => Math.Abs(slots.First - slots.Second) > 1e-5))
    throw new InvalidOperationException("The generator gives something else than the column.");
