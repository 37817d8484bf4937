if (data.GetColumn<bool>("IsPaired").Count(isPaired => isPaired) != 20 || data.GetColumn<string>("Id").Count() != 60)
    throw new InvalidOperationException("The combined view holds other rows than its parts.");
if (complete.GetColumn<string>("Class").Count() != 19 || !(guess > 0))
    throw new InvalidOperationException("The row without a sequence was not left out.");
if (joined.Summary.ToString().Split('\n')[0] != "Joined by 'SampleId': 20 pairs of 20 ids, 10 rows of A only, 30 rows of B only")
    throw new InvalidOperationException($"The page shows another summary than {joined.Summary}.");
