using System.Runtime.InteropServices;
using Microsoft.ML.GentleClip.Alignment;
using Microsoft.ML.GentleClip.Modalities;
using Microsoft.ML.GentleClip.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Trainers.Sharding;

/// <summary>
/// Rows of a closed form that several processes have, each those of its shards. Rank 0 fits and asks; the others wait for what it asks (<see cref="Serve"/>)
/// and answer from their rows. What is summed is summed shard by shard in float64 and added up as a fixed tree, so that the number of processes does not
/// change a bit.
/// </summary>
internal sealed class SharedRows
{
    private const string Purpose = "the rows of the closed form";
    private const long LargestPart = 1 << 21; // numbers of a matrix that are sent at a time

    private readonly SampleShards _shards;
    private readonly Device _device;
    private readonly List<Part> _parts = [];
    private readonly Action _checkCancelled;

    // What rank 0 may ask for.
    private enum Question
    {
        End,
        Tick,
        Sum,
        SquaredDeviations,
        Covariance,
        Times,
        TransposedTimes,
        Block,
        Pick,
    }

    /// <param name="shards">Where the samples of either side are; both are dealt out to the same processes.</param>
    /// <param name="device">Where blocks and results shall be.</param>
    /// <param name="checkCancelled">Called by the others before each answer; throws to stop.</param>
    public SharedRows(SampleShards shards, Device device, Action checkCancelled) => (_shards, _device, _checkCancelled) = (shards, device, checkCancelled);

    private ProcessGroup Group => _shards.Group;

    /// <summary>Rows to fit on. Every process adds the same in the same order, before the first question.</summary>
    public RowSource Add(ShardedStore store, IReadOnlyList<int> positions)
    {
        var part = new Part(this, _parts.Count, store, [.. positions]);
        _parts.Add(part);
        return part;
    }

    /// <summary>Tells the others that rank 0 is at work, so that none thinks it has gone; between two questions.</summary>
    public void Tick() => Ask(Question.Tick);

    /// <summary>Ends the questions, and says why where there is nothing to align.</summary>
    public void End(string? nothing)
    {
        Ask(Question.End);
        Group.OfFirst(nothing, Purpose);
    }

    /// <summary>Answers until rank 0 ends it.</summary>
    /// <returns>Why there is nothing to align, or null.</returns>
    public string? Serve()
    {
        using var frozen = no_grad();
        while (true)
        {
            var numbers = new long[Numbers];
            Group.Broadcast(MemoryMarshal.AsBytes(numbers.AsSpan()), 0, Purpose);
            _checkCancelled();
            using var scope = NewDisposeScope();
            var (question, pace) = ((Question)numbers[0], new Pace((int)numbers[2]));
            switch (question)
            {
                case Question.End:
                    return Group.OfFirst((string?)null, Purpose);
                case Question.Tick:
                    break;
                case Question.Pick:
                    var picked = new long[numbers[3]];
                    Group.BroadcastInParts(MemoryMarshal.AsBytes(picked.AsSpan()), 0, Purpose);
                    _parts[(int)numbers[1]].Subset(picked);
                    break;
                default:
                    _parts[(int)numbers[1]].Answer(question, numbers[3], numbers[4], pace, null, null);
                    break;
            }
        }
    }

    private const int Numbers = 5;

    private void Ask(Question question, int part = 0, long blockSize = 0, long first = 0, long second = 0)
    {
        if (!Group.IsShared())
            return;
        long[] numbers = [(long)question, part, blockSize, first, second];
        Group.Broadcast(MemoryMarshal.AsBytes(numbers.AsSpan()), 0, Purpose);
    }

    // A tensor of rank 0 on the device of each process; contiguous everywhere, as products of other layouts have other bits.
    private Tensor OfFirst(Tensor? own, params long[] shape)
    {
        if (!Group.IsShared())
            return own!.contiguous();
        using var scope = NewDisposeScope();
        var flat = Group.Rank == 0 ? own!.cpu().contiguous().reshape(-1) : empty(shape.Aggregate(1L, (product, size) => product * size), ScalarType.Float64);
        Group.BroadcastFlat(flat, 0, Purpose);
        return flat.view(shape).to(_device).MoveToOuterDisposeScope();
    }

    // The sum over all shards, the same on every process, whose own are given in their order.
    private Tensor Total(IEnumerable<Tensor> own, long length)
    {
        using var scope = NewDisposeScope();
        var sum = new OrderedSum();
        var padding = Group.Padding(length);
        foreach (var part in own)
            sum.Add(cat([part.reshape(-1).cpu(), zeros(padding, ScalarType.Float64)], 0));
        var total = sum.Take();
        Group.SumInOrder(total, Purpose);
        return total.narrow(0, 0, length).to(_device).MoveToOuterDisposeScope();
    }

    /// <summary>Some rows of a side, in an order of their own.</summary>
    private sealed class Part : RowSource
    {
        private readonly SharedRows _shared;
        private readonly int _number;
        private readonly ShardedStore _store;
        private readonly int[] _positions;
        private readonly (int Shard, int[] Numbers, StoredRows Rows)[] _own;
        private readonly int[] _place; // of each row of this process: where it is among those of its shard that are sent

        public Part(SharedRows shared, int number, ShardedStore store, int[] positions)
        {
            (_shared, _number, _store, _positions) = (shared, number, store, positions);
            _own =
            [
                .. store.Shards.Own.Select(shard => (Shard: shard, Numbers: store.Shards.In(shard, positions)))
                    .Select(own => (own.Shard, own.Numbers, Rows(Array.ConvertAll(own.Numbers, row => positions[row])))),
            ];
            _place = new int[positions.Length];
            Dimension = Rows([]).Dimension;

            StoredRows Rows(int[] here) => new(store.Local, Array.ConvertAll(here, store.Shards.Local), shared._device);
        }

        public override long Count => _positions.Length;

        public override long Dimension { get; }

        public override Device Device => _shared._device;

        public override Tensor Block(long start, long length)
        {
            _shared.Ask(Question.Block, _number, 0, start, length);
            return Answer(Question.Block, start, length, default, null, null)!;
        }

        public override RowSource Pick(long[] numbers)
        {
            _shared.Ask(Question.Pick, _number, 0, numbers.Length);
            _shared.Group.BroadcastInParts(MemoryMarshal.AsBytes(numbers.ToArray().AsSpan()), 0, Purpose);
            return Subset(numbers);
        }

        /// <summary>The same of some rows, in every process.</summary>
        public Part Subset(long[] numbers)
        {
            var subset = new Part(_shared, _shared._parts.Count, _store, Array.ConvertAll(numbers, number => _positions[number]));
            _shared._parts.Add(subset);
            return subset;
        }

        public override void AddTo(Tensor sums, Pace pace)
        {
            using var sum = Ask(Question.Sum, pace);
            sums.AddInPlace(sum);
        }

        public override double SquaredDeviations(Tensor mean, Pace pace)
        {
            using var sum = Ask(Question.SquaredDeviations, pace, mean);
            return sum.item<double>();
        }

        public override void AddCovariance(Tensor covariance, Tensor mean, Pace pace)
        {
            using var sum = Ask(Question.Covariance, pace, mean);
            covariance.AddInPlace(sum.view(Dimension, Dimension));
        }

        public override Tensor Times(Tensor mean, Tensor matrix, long from, Pace pace) => Ask(Question.Times, pace, mean, matrix, from);

        public override void AddTransposedTimes(Tensor result, Tensor mean, Tensor matrix, Pace pace)
        {
            using var sum = Ask(Question.TransposedTimes, pace, mean, matrix);
            result.AddInPlace(sum.view(result.shape));
        }

        private Tensor Ask(Question question, Pace pace, Tensor? mean = null, Tensor? matrix = null, long from = 0)
        {
            pace.CancellationToken.ThrowIfCancellationRequested();
            _shared.Ask(question, _number, pace.BlockSize, matrix?.size(1) ?? 0, from);
            var answer = Answer(question, matrix?.size(1) ?? 0, from, new Pace(pace.BlockSize), mean, matrix)!;
            pace.Passed?.Invoke(Count - from); // at the end: it may tick
            return answer;
        }

        /// <summary>Every process does its part. On rank 0 the result; elsewhere it is thrown away.</summary>
        /// <param name="question">What is asked.</param>
        /// <param name="first">Columns of the matrix; of a block its first row.</param>
        /// <param name="second">The first row; of a block its length.</param>
        /// <param name="pace">Size of the blocks.</param>
        /// <param name="mean">Of rank 0.</param>
        /// <param name="matrix">Of rank 0.</param>
        public Tensor? Answer(Question question, long first, long second, Pace pace, Tensor? mean, Tensor? matrix)
        {
            using var scope = NewDisposeScope();
            if (question is not (Question.Sum or Question.Block))
                mean = _shared.OfFirst(mean, Dimension);
            var answer = question switch
            {
                Question.Sum => Total(Dimension, rows =>
                {
                    var sums = zeros(Dimension, ScalarType.Float64, Device);
                    rows.AddTo(sums, pace);
                    return sums;
                }),
                Question.SquaredDeviations => Total(1, rows => tensor(new[] { rows.SquaredDeviations(mean!, pace) })),
                Question.Covariance => Total(Dimension * Dimension, rows =>
                {
                    var covariance = zeros([Dimension, Dimension], ScalarType.Float64, Device);
                    rows.AddCovariance(covariance, mean!, pace);
                    return covariance;
                }),
                Question.TransposedTimes => TransposedTimes(first, pace, mean!, matrix),
                Question.Times => Times(first, second, pace, mean!, matrix),
                _ => Collect(first, second, Dimension, ScalarType.Float32, (rows, from, count) => rows.Block(from, count)),
            };
            return answer?.MoveToOuterDisposeScope();
        }

        private Tensor Total(long length, Func<StoredRows, Tensor> ofShard) => _shared.Total(_own.Select(own => ofShard(own.Rows)), length);

        private Tensor TransposedTimes(long columns, Pace pace, Tensor mean, Tensor? matrix)
        {
            // Each process keeps its rows of the matrix, and no more.
            var factors = _own.Select(own => empty([own.Numbers.Length, columns], ScalarType.Float64, Device)).ToArray();
            var most = Math.Max(1, LargestPart / columns);
            var begun = new int[_own.Length];
            for (var start = 0L; start < Count; start += most)
            {
                using var scope = NewDisposeScope();
                var length = Math.Min(most, Count - start);
                var part = _shared.OfFirst(matrix?.narrow(0, start, length), length, columns);
                for (var i = 0; i < _own.Length; i++)
                {
                    var numbers = _own[i].Numbers;
                    var end = begun[i];
                    while (end < numbers.Length && numbers[end] < start + length)
                        end++;
                    if (end == begun[i])
                        continue;
                    var rows = Array.ConvertAll(numbers[begun[i]..end], number => number - start);
                    factors[i].narrow(0, begun[i], rows.Length).copy_(part.index_select(0, tensor(rows, device: part.device)));
                    begun[i] = end;
                }
            }
            return _shared.Total(_own.Select((own, i) =>
            {
                var result = zeros([Dimension, columns], ScalarType.Float64, Device);
                if (own.Numbers.Length > 0)
                    own.Rows.AddTransposedTimes(result, mean, factors[i], pace);
                return result;
            }), Dimension * columns);
        }

        private Tensor? Times(long columns, long from, Pace pace, Tensor mean, Tensor? matrix)
        {
            matrix = _shared.OfFirst(matrix, Dimension, columns);
            return Collect(from, Count - from, columns, ScalarType.Float64, (rows, first, count) =>
                rows.Times(mean, matrix, first, pace).narrow(0, 0, count));
        }

        // Rows that each process has a part of, on rank 0; the others hold their own and what a call brings.
        private Tensor? Collect(long start, long length, long width, ScalarType type, Func<StoredRows, long, long, Tensor> ofShard)
        {
            var own = new Dictionary<int, Tensor>();
            foreach (var (shard, numbers, rows) in _own)
            {
                var (first, end) = (FirstFrom(numbers, start), FirstFrom(numbers, start + length));
                if (end > first)
                    own.Add(shard, ofShard(rows, first, end - first).cpu().contiguous());
                for (var i = first; i < end; i++)
                    _place[numbers[i]] = i - first;
            }
            var bytes = checked((int)width * (type == ScalarType.Float64 ? sizeof(double) : sizeof(float)));
            var result = _shared.Group.Rank == 0 ? empty([length, width], type) : null;
            int[] positions = _positions[(int)start..(int)(start + length)];
            _store.Shards.Exchange(
                positions, bytes,
                (row, target) => Row(own[_store.Shards.ShardOf(positions[row])], _place[start + row]).CopyTo(target),
                (row, source) =>
                {
                    if (result is not null)
                        source.CopyTo(Row(result, row));
                },
                Purpose);
            return result?.to(Device);

            // A row at a time: a span cannot hold more than two gigabytes.
            static Span<byte> Row(Tensor rows, long row)
            {
                using var one = rows.narrow(0, row, 1);
                return one.bytes;
            }
        }

        private static int FirstFrom(int[] numbers, long least) =>
            Array.BinarySearch(numbers, checked((int)least)) is var at && at >= 0 ? at : ~at;
    }
}
