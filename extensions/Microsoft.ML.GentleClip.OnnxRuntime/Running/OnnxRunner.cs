using Microsoft.ML.GentleClip.Encoders;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Microsoft.ML.GentleClip.OnnxEncoders;

/// <summary>Runs a graph as a plan says, in batches of the size that it takes. Thread-safe.</summary>
/// <param name="session">Borrowed.</param>
/// <param name="plan">How to run it.</param>
/// <param name="batchSize">Most samples of a run, where the graph takes any number.</param>
/// <param name="file">For messages.</param>
/// <param name="column">For messages.</param>
internal sealed class OnnxRunner(OnnxSession session, OnnxPlan plan, int batchSize, string file, string column)
{
    // Tokens of a run: more at once is not faster on a CPU, and memory grows with their square.
    private const int TokensPerRun = 4096;

    private readonly Dictionary<string, GraphPort> _inputs = GraphPort.Of(session.Session.InputMetadata).ToDictionary(port => port.Name);

    /// <summary>How the graph is run.</summary>
    public OnnxPlan Plan => plan;

    /// <summary>Width of the features of one sample.</summary>
    public int Width(float[] sample, long[] shape) => Numbers(sample, 1, shape, isProbe: true).Length;

    /// <summary>Width of the features of one text.</summary>
    public int Width(TokenRows row) => Tokens(row, isProbe: true).Length;

    /// <summary>Features of pictures or vectors, row by row.</summary>
    /// <param name="values">Their numbers.</param>
    /// <param name="rows">How many there are.</param>
    /// <param name="shape">Of each.</param>
    /// <param name="isProbe">Whether their width is not known yet.</param>
    public float[] Numbers(float[] values, int rows, long[] shape, bool isProbe = false)
    {
        var input = _inputs[plan.Input];
        var (size, step) = (values.Length / Math.Max(1, rows), input.FixedBatch ?? batchSize);
        var features = new List<float[]>();
        for (var start = 0; start < rows; start += step)
        {
            var count = Math.Min(step, rows - start);
            var given = input.FixedBatch ?? count;
            var part = new float[given * size];
            values.AsSpan(start * size, count * size).CopyTo(part);
            using var value = OnnxArray.Of(input.Type, part, [given, .. shape]);
            features.Add(Run([plan.Input], [value], given, count, lengths: null, isProbe));
        }
        return features.Count == 1 ? features[0] : [.. features.SelectMany(part => part)];
    }

    /// <summary>Features of rows of tokens, in their order.</summary>
    public float[] Tokens(TokenRows rows, bool isProbe = false)
    {
        var lengths = rows.Lengths();
        if (plan.FixedLength is { } longest && Array.Exists(lengths, length => length > longest))
            throw Problem($"takes {longest} tokens; found a row of {lengths.Max()}");
        var order = Enumerable.Range(0, rows.Count).OrderByDescending(row => lengths[row]).ToArray(); // stable
        var fixedBatch = _inputs[plan.Input].FixedBatch;
        float[]? features = null;
        for (var start = 0; start < order.Length;)
        {
            var width = plan.FixedLength ?? lengths[order[start]];
            var most = fixedBatch ?? Math.Max(1, Math.Min(batchSize, TokensPerRun / width));
            var count = 1;
            // Without a mask, padding would count as text.
            var mixes = plan.Mask is not null || plan.FixedLength is not null;
            while (count < most && start + count < order.Length && (mixes || lengths[order[start + count]] == width))
                count++;
            var part = order.AsSpan(start, count);
            var found = RunTokens(rows, part, width, fixedBatch ?? count, isProbe);
            var size = found.Length / count;
            features ??= new float[rows.Count * size];
            for (var i = 0; i < count; i++)
                found.AsSpan(i * size, size).CopyTo(features.AsSpan(part[i] * size));
            start += count;
        }
        return features ?? [];
    }

    private float[] RunTokens(TokenRows rows, ReadOnlySpan<int> part, int width, int given, bool isProbe)
    {
        long[] shape = [given, width];
        // A graph of a fixed batch gets the first row again where there is none.
        var chosen = new int[given];
        for (var i = 0; i < given; i++)
            chosen[i] = part[i < part.Length ? i : 0];
        var tokens = rows.Pad(chosen, width);
        var lengths = Array.ConvertAll(chosen, rows.LengthOf);
        var (names, values) = (new List<string>(), new List<OrtValue>());
        try
        {
            Add(plan.Input, tokens);
            Add(plan.Mask, Filled((row, place) => place < lengths[row] ? 1 : 0));
            Add(plan.Types, Filled((_, _) => 0));
            Add(plan.Positions, Filled((_, place) => place));
            return Run(names, values, given, part.Length, plan.Mask is null ? Array.ConvertAll(lengths, _ => width) : lengths, isProbe);
        }
        finally
        {
            values.ForEach(value => value.Dispose());
        }

        void Add(string? name, long[] numbers)
        {
            if (name is null)
                return;
            names.Add(name);
            var type = _inputs[name].Type;
            values.Add(type == TensorElementType.Float
                ? OnnxArray.Of(type, Array.ConvertAll(numbers, number => (float)number), shape)
                : OnnxArray.Of(type, numbers, shape));
        }

        long[] Filled(Func<int, int, long> number)
        {
            var array = new long[given * width];
            for (var i = 0; i < array.Length; i++)
                array[i] = number(i / width, i % width);
            return array;
        }
    }

    private float[] Run(IReadOnlyCollection<string> names, IReadOnlyCollection<OrtValue> values, int given, int wanted, int[]? lengths, bool isProbe)
    {
        using var options = new RunOptions();
        try
        {
            using var outputs = session.Session.Run(options, names, values, [plan.Output]);
            return Pool(OnnxArray.Read(outputs[0], out var shape), shape, given, wanted, lengths, isProbe);
        }
        catch (OnnxRuntimeException exception)
        {
            throw new InvalidOperationException($"{file} of column '{column}' failed on a batch of {given}: {exception.Message}", exception);
        }
    }

    private float[] Pool(float[] values, long[] shape, int given, int wanted, int[]? lengths, bool isProbe)
    {
        var found = $"output '{plan.Output}' of [{string.Join(", ", shape)}]";
        if (shape.Length < 2 || shape[0] != given)
            throw Problem($"gave {found} for {given} samples; expected [{given}, ...]");
        if (plan.Pooling == OnnxPooling.None && shape.Length != 2 || plan.Pooling == OnnxPooling.FirstToken && shape.Length != 3)
            throw Problem($"gave {found}; expected {(plan.Pooling == OnnxPooling.None ? 2 : 3)} dimensions for the pooling {plan.Pooling}");
        var isMap = shape.Length == 4;
        var channelsFirst = isMap && !plan.ChannelsLast;
        var width = (int)(channelsFirst ? shape[1] : shape[^1]);
        var places = values.Length / given / Math.Max(1, width);
        if (width == 0 || places == 0)
            throw Problem($"gave {found}; expected features");
        if (!isProbe && width != plan.FeatureDimension)
            throw Problem($"gave {found}; expected {plan.FeatureDimension} features, as at the training");
        var features = new float[wanted * width];
        for (var row = 0; row < wanted; row++)
        {
            var target = features.AsSpan(row * width, width);
            var count = plan.Pooling == OnnxPooling.Mean ? Math.Min(places, lengths?[row] ?? places) : 1;
            for (var place = 0; place < count; place++)
                for (var i = 0; i < width; i++)
                    target[i] += values[row * places * width + (channelsFirst ? i * places + place : place * width + i)];
            Finish(target, count);
        }
        return features;
    }

    private void Finish(Span<float> features, int count)
    {
        var squares = 0d;
        foreach (ref var value in features)
        {
            value /= count;
            squares += (double)value * value;
        }
        if (!double.IsFinite(squares))
            throw Problem("gave features that are NaN or infinite; expected finite numbers");
        if (!plan.Normalize || squares == 0)
            return;
        var length = (float)Math.Sqrt(squares);
        foreach (ref var value in features)
            value /= length;
    }

    private InvalidOperationException Problem(string problem) => new($"{file} of column '{column}' {problem}.");
}
