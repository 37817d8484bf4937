if (index.Search(query, count: 10).Count != 10 || all.Count != 12 || !corrected.UsesCsls)
    throw new InvalidOperationException($"The searches found {index.Search(query, count: 10).Count} and {all.Count}.");
if (!labelled.GetColumn<string>("PredictedLabel").All(labels.Contains))
    throw new InvalidOperationException("A loaded classification has another label.");
foreach (string label in result.GetColumn<string>("PredictedLabel"))
    if (!labels.Contains(label))
        throw new InvalidOperationException($"'{label}' is none of the labels.");
