IDataView proteins = mlContext.Data.LoadFromEnumerable(Enumerable.Range(0, 40).Select(i => new Protein
{
    SequenceEmbedding = Vector(i, 4), EcNumbers = i % 3 == 0 ? "1.1.1.1;2.3.4.5" : i % 3 == 1 ? "1.1.1.1" : "3.4.21.4",
}).ToArray());
Console.WriteLine(mlContext.GentleClip().EvaluateMultiLabel(pipeline.Fit(proteins).Transform(proteins), "Labels", "Probability"));
