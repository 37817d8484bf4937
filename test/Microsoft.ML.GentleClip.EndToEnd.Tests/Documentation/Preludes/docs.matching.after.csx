if (analysis.PairCount != 30 || !matcher.IsCalibrated || translator.IsCalibrated)
    throw new InvalidOperationException($"{analysis.PairCount} pairs, calibrated {matcher.IsCalibrated} and {translator.IsCalibrated}.");
if (matched.GetColumn<string>("MatchId").Count(name => name.StartsWith("thing")) != 40
    || translated.GetColumn<float[]>("Expected").Any(row => row.Length != 6 || !row.All(float.IsFinite)))
    throw new InvalidOperationException("A query has no match or no translation.");
