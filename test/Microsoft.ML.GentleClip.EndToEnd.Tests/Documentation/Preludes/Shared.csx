// What every page takes as given.
var mlContext = new MLContext(seed: 1);

// A made-up vector of thing number i; widths 4 and 6 are two views of it.
float[] Vector(int i, int width) => [.. Enumerable.Range(0, width).Select(k => (float)Math.Sin(i * 0.7 * (1 + k % 3) + k))];
