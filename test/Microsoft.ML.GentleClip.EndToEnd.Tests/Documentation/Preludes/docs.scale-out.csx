// Rows of both sides.
var rows = mlContext.Data.LoadFromEnumerable(Enumerable.Range(0, 40).Select(i => new { A = Vector(i, 4), B = Vector(i, 6) }));
