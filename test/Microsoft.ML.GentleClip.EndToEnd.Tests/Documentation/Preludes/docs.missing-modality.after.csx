if (model.Transform(data).GetColumn<float[]>("SpectrumEmbedding").Count(embedding => float.IsNaN(embedding[0])) != 10)
    throw new InvalidOperationException("Ten things lack a spectrum, and no more.");
