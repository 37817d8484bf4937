using System.Reflection;
using System.Runtime.CompilerServices;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.GentleClip;
using Microsoft.ML.TorchSharp;
using TorchSharp;

/// <summary>Commands about Microsoft.ML.TorchSharp, ML.NET's own package of deep learning, beside this library: it was built for TorchSharp 0.102.</summary>
internal static class BesideTorchSharpCommands
{
    private const string Package = "Microsoft.ML.TorchSharp";

    /// <summary>The exit code, or null where the command is another's.</summary>
    public static int? Run(string[] args)
    {
        switch (args)
        {
            // Trains with this library, then meets the package, or the other way round.
            case ["beside-torchsharp", "ours-first"]:
                Train();
                Meet();
                return 0;
            case ["beside-torchsharp", "theirs-first"]:
                _ = new GentleClipOptions(); // the one touch that the help with the native load needs
                Meet();
                Train();
                return 0;
            // What of the package the runtime cannot compile against today's TorchSharp.
            case ["beside-torchsharp", "missing"]:
                Train();
                PrintMissing();
                return 0;
            default:
                return null;
        }
    }

    private static void Train()
    {
        var mlContext = new MLContext(seed: 1);
        var random = new Random(1);
        var data = mlContext.Data.LoadFromEnumerable(
            Enumerable.Range(0, 40).Select(i => new Row { A = [i % 3, random.NextSingle()], B = [random.NextSingle(), i % 3] }).ToList());
        using var model = mlContext.Transforms.GentleClip(new GentleClipOptions
        {
            ModalityA = Modality.Vector("EA", "A"),
            ModalityB = Modality.Vector("EB", "B"),
            EmbeddingDimension = 4,
            MaximumNumberOfSteps = 3,
            NumberOfThreads = 1,
        }).Fit(data);
        Console.WriteLine($"trained {model.Transform(data).GetColumn<float[]>("EA").Count()}");
    }

    // Its trainers fetch their weights from the network, so the way is walked as far as it goes without: their estimators are made.
    private static void Meet()
    {
        var mlContext = new MLContext(seed: 1);
        _ = mlContext.MulticlassClassification.Trainers.TextClassification();
        _ = mlContext.Regression.Trainers.SentenceSimilarity();
        _ = mlContext.MulticlassClassification.Trainers.QuestionAnswer();
        _ = mlContext.MulticlassClassification.Trainers.ObjectDetection();
        _ = mlContext.MulticlassClassification.Trainers.NamedEntityRecognition();
        using (torch.NewDisposeScope())
            Console.WriteLine($"met {torch.arange(5, torch.float32).matmul(torch.ones(5)).item<float>()}");
    }

    private static void PrintMissing()
    {
        var count = 0;
        foreach (var type in Assembly.Load(Package).GetTypes().Where(type => !type.ContainsGenericParameters))
        {
            const BindingFlags all = BindingFlags.DeclaredOnly | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static;
            foreach (var method in type.GetMethods(all).Cast<MethodBase>().Concat(type.GetConstructors(all))
                .Where(method => !method.IsAbstract && !method.ContainsGenericParameters && method.GetMethodBody() is not null))
            {
                count++;
                try
                {
                    RuntimeHelpers.PrepareMethod(method.MethodHandle);
                }
                catch (Exception e) when (e is MissingMemberException or TypeLoadException or FileNotFoundException)
                {
                    Console.WriteLine($"missing {type.FullName}.{method.Name}: {e.Message}");
                }
            }
        }
        Console.WriteLine($"compiled {count > 300}");
    }

    private sealed class Row
    {
        [VectorType(2)]
        public float[]? A { get; set; }

        [VectorType(2)]
        public float[]? B { get; set; }
    }
}
