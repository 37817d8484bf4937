class Pair
{
    [LoadColumn(0)]
    public string Id { get; set; }

    [LoadColumn(1, 4), VectorType(4)]
    public float[] SequenceFeatures { get; set; }

    [LoadColumn(5, 10), VectorType(6)]
    public float[] StructureFeatures { get; set; }
}

class SequenceOnly
{
    [LoadColumn(0)]
    public string Id { get; set; }

    [LoadColumn(1, 4), VectorType(4)]
    public float[] SequenceFeatures { get; set; }
}

class StructureOnly
{
    [LoadColumn(0)]
    public string Id { get; set; }

    [LoadColumn(1, 6), VectorType(6)]
    public float[] StructureFeatures { get; set; }
}

class SpectrumRow
{
    [LoadColumn(0)]
    public string SampleId { get; set; }

    [LoadColumn(1, 4), VectorType(4)]
    public float[] Spectrum { get; set; }
}

class ImageRow
{
    [LoadColumn(0)]
    public string SampleId { get; set; }

    [LoadColumn(1, 6), VectorType(6)]
    public float[] Image { get; set; }
}

class LabelledPair
{
    [VectorType(4)]
    public float[] SequenceFeatures { get; set; }

    [VectorType(6)]
    public float[] StructureFeatures { get; set; }

    public string Class { get; set; }
}

string Line(int i, params int[] widths) => $"chain {i}\t{string.Join('\t', widths.SelectMany(width => Vector(i, width)))}";
File.WriteAllLines("pairs.tsv", Enumerable.Range(0, 20).Select(i => Line(i, 4, 6)));
File.WriteAllLines("sequences.tsv", Enumerable.Range(20, 20).Select(i => Line(i, 4)));
File.WriteAllLines("spectra.csv", Enumerable.Range(0, 30).Select(i => Line(i, 4).Replace('\t', ',')).Prepend("id,s1,s2,s3,s4"));
File.WriteAllLines("images.csv", Enumerable.Range(10, 50).Select(i => Line(i, 6).Replace('\t', ',')).Prepend("id,i1,i2,i3,i4,i5,i6"));
File.WriteAllLines("structures.tsv", Enumerable.Range(40, 20).Select(i => Line(i, 6)));

// For the part on evaluation: a pipeline that is trained already, and rows of which one lacks its sequence.
IDataView testPairs = mlContext.Data.LoadFromEnumerable(Enumerable.Range(60, 20).Select(i => new LabelledPair { SequenceFeatures = Vector(i, 4),
    StructureFeatures = Vector(i, 6), Class = $"{i % 2}" }).ToArray());
IDataView testData = mlContext.Data.LoadFromEnumerable(Enumerable.Range(60,
    20).Select(i => new LabelledPair { SequenceFeatures = i == 60 ? null : Vector(i, 4), StructureFeatures = Vector(i, 6), Class = $"{i % 2}" }).ToArray());
var closedForm = GentleClipOptions.FromPreset(GentleClipPreset.ClosedForm);
closedForm.ModalityA = Modality.Vector("SequenceEmbedding", "SequenceFeatures");
closedForm.ModalityB = Modality.Vector("StructureEmbedding", "StructureFeatures");
ITransformer model = mlContext.Transforms.GentleClip(closedForm)
    .Append(mlContext.Transforms.Conversion.MapValueToKey("Label", "Class"))
    .Append(mlContext.MulticlassClassification.Trainers.LbfgsMaximumEntropy(featureColumnName: "SequenceEmbedding"))
    .Fit(testPairs);
