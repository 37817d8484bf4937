class Thing
{
    [VectorType(4)]
    public float[] Spectrum { get; set; }

    [VectorType(6)]
    public float[] Image { get; set; }
}

IDataView train = mlContext.Data.LoadFromEnumerable(Enumerable.Range(0, 40).Select(i => new Thing { Spectrum = Vector(i, 4), Image = Vector(i, 6) }).ToArray());
