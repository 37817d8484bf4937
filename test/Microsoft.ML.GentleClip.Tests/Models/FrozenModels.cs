using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.ML.Data;

namespace Microsoft.ML.GentleClip.Tests.Models;

/// <summary>Model files of a format version, each beside rows and the embeddings that it gave them: made here, kept in test/data/models.</summary>
internal static class FrozenModels
{
    private static readonly MLContext MlContext = new(seed: 1);

    private static readonly JsonSerializerOptions Json = new() { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };

    /// <summary>What is frozen of a model: a row's inputs, null where the row lacks them or another kind of tower reads them, and what came out.</summary>
    internal sealed class Row
    {
        [VectorType(TwoViews.DimensionA)]
        public float[]? A { get; set; }

        [VectorType(TwoViews.DimensionB)]
        public float[]? B { get; set; }

        public string? Sequence { get; set; }

        public float[]? AlphaCarbons { get; set; }

        public string? Text { get; set; }

        public string? Path { get; set; }

        /// <summary>Null where the row lacks the side: NaN in every slot.</summary>
        public float[]? EmbeddingA { get; set; }

        public float[]? EmbeddingB { get; set; }
    }

    /// <summary>The file beside a model.</summary>
    internal sealed record Sheet(int Seed, int Epochs, List<Row> Rows);

    /// <summary>Names of the models, a kind of tower or closed form each.</summary>
    public static string[] Names { get; } =
    [
        "vectors-beside-teacher", "closed-form", "sequence-structure", "windows-steps", "windows-statistics", "vit-bert", "resnet-ngrams",
    ];

    /// <summary>Makes all of them.</summary>
    public static void Write(string folder)
    {
        Directory.CreateDirectory(folder);
        WritePictures(folder);
        foreach (var name in Names)
        {
            var (options, train, rows) = Recipe(name, folder);
            using var model = MlContext.Transforms.GentleClip(options).Fit(train);
            MlContext.Model.Save(model, train.Schema, Path.Combine(folder, name + ".zip"));
            var (a, b) = Score(model, rows, folder);
            for (var i = 0; i < rows.Count; i++)
                (rows[i].EmbeddingA, rows[i].EmbeddingB) = (OrNull(a[i]), OrNull(b[i]));
            File.WriteAllText(Path.Combine(folder, name + ".json"), JsonSerializer.Serialize(new Sheet(model.Seed, model.History.Count, rows), Json));
        }
    }

    public static Sheet Read(string folder, string name) => JsonSerializer.Deserialize<Sheet>(File.ReadAllText(Path.Combine(folder, name + ".json")), Json)!;

    /// <summary>Embeddings of both sides of the rows, whose pictures are in the folder.</summary>
    public static (float[][] A, float[][] B) Score(GentleClipTransformer model, List<Row> rows, string folder)
    {
        var view = model.Transform(View(rows, folder));
        return (Embeddings.Column(view, "EmbeddingA"), Embeddings.Column(view, "EmbeddingB"));
    }

    public static (GentleClipOptions Options, IDataView Train, List<Row> Rows) Recipe(string name, string folder)
    {
        List<Row> rows;
        Modality a, b;
        ClosedFormOptions? closedForm = null;
        var dimension = 8;
        switch (name)
        {
            case "vectors-beside-teacher" or "closed-form":
                rows = TwoViews.Mixed(16, 12, 12).ConvertAll(row => new Row { A = row.A, B = row.B });
                (a, b) = (Modality.Vector("EmbeddingA", "A", new VectorEncoderOptions { HiddenDimensions = [8, 7] }),
                    Modality.Vector("EmbeddingB", "B", new VectorEncoderOptions { HiddenDimensions = [] }));
                var isAlone = name == "closed-form";
                closedForm = isAlone ? new() { Role = ClosedFormRole.Alone, Method = ClosedFormMethod.Blend }
                    : new()
                    {
                        Method = ClosedFormMethod.SelfTraining,
                        SelfTraining = ClosedFormPart.On,
                        Spectral = ClosedFormPart.On,
                        Smoothing = true,
                        Dimension = 4,
                        Share = 0.5,
                    };
                dimension = isAlone ? 120 : 10; // wider than the closed form, and narrower
                break;
            case "sequence-structure" or "windows-steps" or "windows-statistics":
                rows = Proteins.Mixed(10, 4, 4).ConvertAll(row => new Row { Sequence = row.Sequence, AlphaCarbons = row.AlphaCarbons });
                a = Modality.ProteinSequence("EmbeddingA", "Sequence", name == "sequence-structure"
                    ? new Esm2Options { Size = new Esm2Size(2, 16, 2) }
                    : new ProteinWindowOptions { HiddenDimensions = [8], KeepStatistics = name == "windows-statistics" });
                b = Modality.ProteinStructure("EmbeddingB", "AlphaCarbons",
                    encoder: new CdConvOptions
                    {
                        Channels = [12, 24],
                        Radii = [8, 12],
                        SequentialKernelSize = 5,
                        KernelChannels = [4],
                        BaseWidth = 16,
                        ResidueDimension = 8,
                        Input = name == "windows-steps" ? CdConvInput.Steps : CdConvInput.LocalGeometry,
                    });
                break;
            default:
                rows = Captions.Mixed(10, 4, 4).Select((row, i) => new Row { Text = row.Text, Path = i < 10 || i >= 14 ? $"{i % Pictures.Colors}.png" : null })
                    .ToList();
                a = Modality.Image("EmbeddingA", "Image", Pictures.Images, name == "vit-bert" ? Pictures.ViT : Pictures.ResNet);
                b = Modality.Text("EmbeddingB", "Text", name == "vit-bert"
                    ? new BertEncoderOptions
                    {
                        Size = new BertSize(2, 16, 2, 32, 32),
                        MaximumLength = 24,
                        MaximumVocabularySize = 100,
                        Pooling = BertPooling.ClassificationToken,
                    }
                    : new TextNGramOptions { Buckets = 128, TableDimension = 8, HiddenDimensions = [8] });
                break;
        }
        var options = new GentleClipOptions
        {
            ModalityA = a,
            ModalityB = b,
            EmbeddingDimension = dimension,
            Batches = new() { Size = 12 },
            MaximumNumberOfSteps = 25,
            Optimizer = new() { LearningRate = 5e-3 },
            NumberOfThreads = 1,
            Seed = 20,
            ClosedForm = closedForm,
            Validation = new() { Fraction = 0.2 },
        };
        return (options, View(rows, folder), [.. rows.Take(3), rows.First(row => !HasB(row)), rows.First(row => !HasA(row))]);

        static bool HasA(Row row) => row.A is not null || row.Sequence is not null || row.Path is not null;

        static bool HasB(Row row) => row.B is not null || row.AlphaCarbons is not null || !string.IsNullOrEmpty(row.Text?.Trim('\0', ' '));
    }

    private static IDataView View(List<Row> rows, string folder)
    {
        var view = MlContext.Data.LoadFromEnumerable(rows);
        return rows.Exists(row => row.Path is not null) ? MlContext.Transforms.LoadImages("Image", folder, nameof(Row.Path)).Fit(view).Transform(view) : view;
    }

    public static void WritePictures(string folder)
    {
        for (var color = 0; color < Pictures.Colors; color++)
        {
            using var image = Pictures.Create(color, 20 + color, 24 - color);
            image.Save(Path.Combine(folder, $"{color}.png"));
        }
    }

    private static float[]? OrNull(float[] embedding) => embedding.All(float.IsNaN) ? null : embedding;
}
