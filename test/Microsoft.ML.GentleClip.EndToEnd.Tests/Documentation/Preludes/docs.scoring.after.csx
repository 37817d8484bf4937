// The options changed no value.
float[][] Column(IDataView view) => [.. view.GetColumn<float[]>("EmbeddingA")];
if (transformer.Scoring.BatchSize != 1024 || Column(scored).Length != 1000)
    throw new InvalidOperationException("The options were not taken.");
if (Column(scored).Zip(Column(asBefore)).Any(rows => rows.First.Zip(rows.Second).Any(slots => Math.Abs(slots.First - slots.Second) > 1e-5)))
    throw new InvalidOperationException("Another batch size changed values.");
