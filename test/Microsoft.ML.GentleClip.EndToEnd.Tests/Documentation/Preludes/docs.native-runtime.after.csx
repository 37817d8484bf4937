if (sum.data<float>()[0] != 3)
    throw new InvalidOperationException($"2 a + b is {sum.data<float>()[0]}.");
