using System.Buffers;
using Microsoft.ML.GentleClip.Encoders;
using Microsoft.ML.GentleClip.Interop;
using Microsoft.ML.GentleClip.Modalities;
using Microsoft.ML.GentleClip.Models;
using Microsoft.ML.GentleClip.Onnx;
using Microsoft.ML.GentleClip.OnnxWriter;
using Microsoft.ML.Runtime;
using TorchSharp;

namespace Microsoft.ML.GentleClip.Transformers;

/// <summary>One side of a model as a graph, which all cursors and threads share. It is made at the first pass.</summary>
/// <param name="shared">Guards the model's weights, and frees the graph with them.</param>
/// <param name="model">The model.</param>
/// <param name="side">Its side.</param>
/// <param name="environment">Names the folder for temporary files; null takes the system's.</param>
internal sealed class GraphTower(SharedModel shared, ISidedModel model, Side side, IHostEnvironment? environment)
{
    // Tokens or residues of a run: more at once is not faster on a CPU, and what a graph keeps of them grows faster than they do.
    private const long LargestRun = 4096;

    private readonly Lock _gate = new();
    private GraphSession? _session;
    private BuiltGraph? _checked; // what the check has built, until a session is opened from it
    private Preparation? _preparation;
    private string? _obstacle;
    private bool _isChecked;

    /// <summary>Why there can be no graph, in a sentence that names the column; null where nothing stands in the way.</summary>
    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    public string? Obstacle
    {
        get
        {
            lock (_gate)
            {
                if (!_isChecked)
                {
                    using var use = shared.Enter();
                    _obstacle = Check();
                    _isChecked = true;
                }
                return _obstacle;
            }
        }
    }

    /// <summary>Computes columns for all examples of a store, in the store's order. The model must be in use.</summary>
    /// <param name="examples">The store.</param>
    /// <param name="batches">Plans the passes.</param>
    /// <param name="batchSize">Rows of a pass; null bounds them by what they cost.</param>
    /// <param name="columns">What they take, each with the array that receives <c>[examples.Count, Dimension]</c>.</param>
    /// <param name="cancellationToken">Looked at before each run.</param>
    /// <returns>Number of runs.</returns>
    public int Run(ExampleStore examples, LengthBatches batches, int? batchSize, ReadOnlySpan<(ColumnOutput Output, float[] Target)> columns,
        CancellationToken cancellationToken)
    {
        var session = Session();
        var (names, targets, widths) = (new string[columns.Length], new float[columns.Length][], new int[columns.Length]);
        for (var i = 0; i < columns.Length; i++)
            (names[i], targets[i], widths[i]) = (columns[i].Output.GraphName, columns[i].Target, columns[i].Output.Dimension(model, side));
        var passes = Passes(examples, _preparation!, batches, batchSize);
        passes.ForEach(Run);
        return passes.Count;

        void Run(int[] positions)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var isWhole = IsWhole(examples, positions);
            var store = isWhole ? examples : examples.Part(positions);
            float[]? rented = null;
            try
            {
                session.Run(Inputs(store, ref rented), names, (column, values) =>
                {
                    var dimension = widths[column];
                    if (values.Length != (long)positions.Length * dimension)
                        throw new InvalidOperationException(
                            $"The graph of column '{model.SpecOf(side).Modality.InputColumnName}' gave {values.Length} numbers for {positions.Length} rows of "
                            + $"{dimension}: the saved weights do not fit the model.");
                    if (isWhole)
                        values.CopyTo(targets[column]);
                    for (var i = 0; !isWhole && i < positions.Length; i++)
                        values.Slice(i * dimension, dimension).CopyTo(targets[column].AsSpan(positions[i] * dimension));
                });
            }
            finally
            {
                if (rented is not null)
                    ArrayPool<float>.Shared.Return(rented);
                if (!isWhole)
                    store.Dispose();
            }
        }
    }

    // Vectors are cheap to compute: a new array for each run would cost a tenth of that.
    private IReadOnlyList<OnnxInput> Inputs(ExampleStore store, ref float[]? rented)
    {
        if (_preparation is not VectorPreparation || store is not VectorStore vectors)
            return _preparation!.Prepare(store);
        var width = vectors.Dimension;
        rented = ArrayPool<float>.Shared.Rent(Preparation.Length(vectors.Count, width));
        for (var i = 0; i < vectors.Count; i++)
            vectors.CopyTo(i, rented.AsSpan(i * width, width));
        return [new OnnxInput(OnnxNames.Features, rented, vectors.Count, width)];
    }

    /// <summary>The examples of each run.</summary>
    /// <param name="examples">What to compute.</param>
    /// <param name="preparation">Lays them out.</param>
    /// <param name="batches">Plans the passes.</param>
    /// <param name="batchSize">Rows of a pass; null bounds them by what they cost.</param>
    internal static List<int[]> Passes(ExampleStore examples, Preparation preparation, LengthBatches batches, int? batchSize)
    {
        var passes = new List<int[]>();
        batches.PlanScoring(examples, batchSize);
        for (var number = 0; number < batches.Count; number++)
        {
            var pass = batches[number].ToArray();
            if (Parts(examples, preparation, pass) is not { } parts)
            {
                passes.Add(pass);
                continue;
            }
            for (var part = 0; part < parts.Count; part++)
                passes.Add(Array.ConvertAll(parts[part].ToArray(), at => pass[at]));
        }
        return passes;
    }

    // Rows of different lengths: graphs pad them, or hold lists for each residue.
    private static LengthBatches? Parts(ExampleStore examples, Preparation preparation, int[] pass)
    {
        return preparation switch
        {
            SequencePreparation or TextPreparation or NGramPreparation => LengthBatches.Padded(Lengths(), DeviceType.CPU, LargestRun),
            StructurePreparation => LengthBatches.InOrder(Lengths(), LargestRun),
            _ => null,
        };

        int[] Lengths() => Array.ConvertAll(pass, examples.LengthOf);
    }

    private static bool IsWhole(ExampleStore examples, int[] positions)
    {
        var isWhole = positions.Length == examples.Count;
        for (var i = 0; isWhole && i < positions.Length; i++)
            isWhole = positions[i] == i;
        return isWhole;
    }

    private string? Check()
    {
        var modality = model.SpecOf(side).Modality;
        try
        {
            _checked = shared.Own(Build());
            _ = EncoderKinds.Of(modality).CreatePreparation(modality, model.SpecOf(side).InputDimension);
            return null;
        }
        catch (NotSupportedException exception)
        {
            return exception.Message;
        }
        catch (InvalidOperationException exception) when (exception is not ObjectDisposedException && model is not PlainModel)
        {
            return exception.Message; // weights that a graph would leave out, for instance: libtorch is there for them
        }
    }

    private GraphSession Session()
    {
        lock (_gate)
        {
            if (_session is not null)
                return _session;
            var spec = model.SpecOf(side);
            _preparation = EncoderKinds.Of(spec.Modality).CreatePreparation(spec.Modality, spec.InputDimension);
            using var built = _checked ?? Build();
            _checked = null;
            return _session = shared.Own(GraphEngine.Open(built.Graph, HostSettings.TempFilePath(environment)));
        }
    }

    // Tensors that the graph is made from need libtorch's scope; arrays must do without libtorch.
    private BuiltGraph Build() => model is PlainModel ? new BuiltGraph(TowerGraph.Build(model, side), []) : BuildOfTensors();

    private BuiltGraph BuildOfTensors()
    {
        using var frozen = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        var graph = TowerGraph.Build(model, side);
        IDisposable[] tensors = [.. scope.DisposablesView];
        scope.Detach(tensors);
        return new BuiltGraph(graph, tensors);
    }

    /// <summary>A graph with the handles on weights that it is written from.</summary>
    private sealed class BuiltGraph(OnnxGraph graph, IReadOnlyList<IDisposable> tensors) : IDisposable
    {
        private OnnxGraph? _graph = graph;

        public OnnxGraph Graph => _graph ?? throw new ObjectDisposedException(nameof(BuiltGraph));

        public void Dispose()
        {
            _graph = null; // whoever owns this lives as long as the model
            foreach (var tensor in tensors)
                tensor.Dispose();
        }
    }
}
