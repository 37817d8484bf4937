if (structures.GetColumn<string>("Identifier").Single() != "1abc_A" || sequences.GetColumn<string>("Sequence").Count() != 2)
    throw new InvalidOperationException("Other rows were read than the files hold.");
