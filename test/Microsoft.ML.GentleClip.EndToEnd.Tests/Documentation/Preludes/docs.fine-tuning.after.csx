// What the page says of the columns, and that something was learnt.
string[] found = [.. fitted.Transform(test).Schema.Select(column => column.Name)];
foreach (string name in new[] { "PredictedLabel", "Score", "PredictedKind" })
    if (!found.Contains(name))
        throw new InvalidOperationException($"There is no column {name} among {string.Join(", ", found)}.");
if (!(metrics.MicroAccuracy > 0.6) || !(weighing.AreaUnderRocCurve > 0.6))
    throw new InvalidOperationException($"Accuracy {metrics.MicroAccuracy}, area {weighing.AreaUnderRocCurve}.");
if (new FileInfo("kinds.onnx").Length < 1000)
    throw new InvalidOperationException("No graph was written.");
