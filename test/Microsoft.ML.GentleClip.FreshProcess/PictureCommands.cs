using System.Runtime.InteropServices;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.GentleClip;

/// <summary>Commands about pictures: a training whose output streams are looked at, and what libtorch says of NNPACK afterwards.</summary>
internal static class PictureCommands
{
    private const int Side = 32, Rows = 48;

    /// <summary>The exit code, or null where the command is another's.</summary>
    public static int? Run(string[] args)
    {
        switch (args)
        {
            case ["picture-run"]:
                Train();
                return 0;
            default:
                return null;
        }
    }

    // A training in batches, and one small picture alone, whose convolutions libtorch asks NNPACK about.
    private static void Train()
    {
        var mlContext = new MLContext(seed: 1);
        var random = new Random(1);
        var rows = Enumerable.Range(0, Rows)
            .Select(i => new Row { Picture = [.. Enumerable.Range(0, 3 * Side * Side).Select(_ => (byte)random.Next(256))], Features = [i % 3, i % 5, i] })
                .ToList();
        var data = mlContext.Data.LoadFromEnumerable(rows);
        var options = new GentleClipOptions
        {
            ModalityA = Modality.Image("A", "Picture", new ImageOptions { Size = Side, StoredSize = Side },
                new ResNetOptions { Size = new ResNetSize([1, 1, 1, 1], 8, bottleneck: false) }),
            ModalityB = Modality.Vector("B", "Features"),
            EmbeddingDimension = 8,
            Batches = new() { Size = 24 },
            MaximumNumberOfSteps = 2,
            NumberOfThreads = 1,
        };
        using var model = mlContext.Transforms.GentleClip(options).Fit(data);
        Console.WriteLine($"embedded {model.Transform(data).GetColumn<float[]>("A").Count()}");
        Console.WriteLine($"alone {model.Transform(mlContext.Data.TakeRows(data, 1)).GetColumn<float[]>("A").Count()}");
        Console.WriteLine($"nnpack works {Works()} enabled {IsEnabled()}");
    }

    private static bool Works() => Export<Status>("nnp_initialize")() == 0;

    private static bool IsEnabled() => Export<Getter>("_ZNK2at7Context17userEnabledNNPACKEv")(Export<Global>("_ZN2at13globalContextEv")());

    private static T Export<T>(string name) where T : Delegate =>
        Marshal.GetDelegateForFunctionPointer<T>(NativeLibrary.GetExport(NativeLibrary.Load(Path.Combine(AppContext.BaseDirectory, "libtorch_cpu.so")), name));

    private delegate int Status();

    private delegate nint Global();

    [return: MarshalAs(UnmanagedType.I1)]
    private delegate bool Getter(nint context);

    private sealed class Row
    {
        [VectorType(3, Side, Side)]
        public byte[]? Picture { get; set; }

        [VectorType(3)]
        public float[]? Features { get; set; }
    }
}
