class Thing
{
    [VectorType(4)]
    public float[] Spectrum { get; set; }

    [VectorType(6)]
    public float[] Image { get; set; }
}

// One slot of one thing is missing, and twenty things lack a side.
Thing[] things = [.. Enumerable.Range(0, 40).Select(i => new Thing { Spectrum = i < 30 ? Vector(i, 4) : null, Image = i is < 20 or >= 30 ? Vector(i,
    6) : null })];
things[3].Spectrum[1] = float.NaN;
IDataView data = mlContext.Data.LoadFromEnumerable(things);
