class Row
{
    [VectorType(4)]
    public float[] Features { get; set; }
}

IDataView data = mlContext.Data.LoadFromEnumerable(Enumerable.Range(0, 64).Select(i => new Row { Features = Vector(i, 4) }).ToArray());
