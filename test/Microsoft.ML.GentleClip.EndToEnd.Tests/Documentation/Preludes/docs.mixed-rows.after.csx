if (data.GetColumn<bool>("IsPaired").Count(isPaired => isPaired) != 20 || data.GetColumn<string>("Id").Count() != 60)
    throw new InvalidOperationException("The combined view holds other rows than its parts.");
if (complete.GetColumn<string>("Class").Count() != 19 || !(guess > 0))
    throw new InvalidOperationException("The row without a sequence was not left out.");
