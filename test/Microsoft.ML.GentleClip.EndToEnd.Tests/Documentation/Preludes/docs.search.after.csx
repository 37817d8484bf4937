if (index.Search(query, count: 10).Count != 10 || all.Count != 12 || !corrected.UsesCsls)
    throw new InvalidOperationException($"The searches found {index.Search(query, count: 10).Count} and {all.Count}.");
foreach (string label in result.GetColumn<string>("PredictedLabel"))
    if (!labels.Contains(label))
        throw new InvalidOperationException($"'{label}' is none of the labels.");
