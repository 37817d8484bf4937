using System.Diagnostics;
using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.Data;

// MODEL ROWS SCORED: scores the rows of a binary file by a saved model, and says what it took and what the process has loaded.
if (args is not [var model, var rows, var scored])
{
    Console.Error.WriteLine("Expected the files of a model, of rows, and of the rows with the model's columns.");
    return 2;
}
var context = new MLContext(seed: 1);
context.Log += (_, e) =>
{
    if (e.Message.Contains("libtorch", StringComparison.Ordinal))
        Console.WriteLine($"log: {e.Message.ReplaceLineEndings(" ")}");
};
IDataView data = context.Data.LoadFromBinary(rows);
try
{
    var transformer = context.Model.Load(model, out _);
    IDataView view = transformer.Transform(data);
    Touch(view, data.Schema.Count);
    using var process = Process.GetCurrentProcess();
    Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"start ms: {(DateTime.Now - process.StartTime).TotalMilliseconds:0}"));
    var columns = context.Transforms.SelectColumns([.. view.Schema.Skip(data.Schema.Count).Select(column => column.Name)]).Fit(view).Transform(view);
    using (FileStream file = File.Create(scored))
        context.Data.SaveAsBinary(columns, file);
    (transformer as IDisposable)?.Dispose();
    process.Refresh();
    Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"resident MB: {process.WorkingSet64 / 1e6:0}"));
}
catch (Exception exception)
{
    for (var e = exception; e is not null; e = e.InnerException)
        Console.Error.WriteLine($"{e.GetType().Name}: {e.Message}");
    return 1;
}
foreach (var library in new[] { "libtorch", "LibTorchSharp", "onnxruntime" })
    Console.WriteLine($"{library}: {(IsMapped(library) ? "loaded" : "not loaded")}");
return 0;

// The first row.
static void Touch(IDataView view, int first)
{
    var column = view.Schema[first];
    using var cursor = view.GetRowCursor([column]);
    var getter = column.Type is VectorDataViewType ? cursor.GetGetter<VBuffer<float>>(column) : null;
    VBuffer<float> value = default;
    if (cursor.MoveNext())
        getter?.Invoke(ref value);
}

static bool IsMapped(string library) => File.ReadLines("/proc/self/maps").Any(line => line.Contains(library, StringComparison.Ordinal)
    && line.Contains(".so", StringComparison.Ordinal));
