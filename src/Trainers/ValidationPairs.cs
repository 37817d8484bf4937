using System.Buffers.Binary;
using System.Security.Cryptography;
using Microsoft.ML.GentleClip.Interop;
using Microsoft.ML.GentleClip.Modalities;
using Microsoft.ML.GentleClip.Runtime;

namespace Microsoft.ML.GentleClip.Trainers;

/// <summary>Decides which pairs a training is validated on, and among which samples their partners are looked for.</summary>
internal static class ValidationPairs
{
    /// <summary>Distractors of a side; of more a random sample, so that an epoch's validation stays cheap beside its steps.</summary>
    public const int MaximumDistractors = 2000;

    /// <summary>Below this many pairs the log warns: their figures move by steps that are larger than what they are to decide.</summary>
    public const int FewPairs = 20;

    /// <summary>The pairs of a data set of their own, or a share of the training pairs, which are then taken out of the training.</summary>
    /// <returns>What to validate on, or null; and the rows that are left to train on.</returns>
    public static (ValidationSet? Validation, TrainingData Train) Choose(
        TrainingPlan plan, TrainingData train, TrainingData? validation, RandomSource random, TrainingReporter reporter)
    {
        if (plan.ValidationPairs == 0)
            return (null, train);
        var (rest, pairs) = validation is null
            ? HoldOut(train, plan.ValidationPairs, random)
            : (train, validation.Sides.Select<int[]>(side => [.. side.Pairs]));
        if (pairs.A.Length < FewPairs)
            reporter.Warning($"There are {pairs.A.Length} validation pairs. So few tell good from bad weights badly: what they choose is largely chance. "
                + $"Expected {FewPairs} or more; with fewer pairs to spare, train without validation on all of them, for a number of steps that is known to "
                + "do.");
        return (WithDistractors(rest, validation, pairs, random, reporter), rest);
    }

    /// <summary>Checks that the columns of validation data are those of the training.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A column has another size than that of the training data.</exception>
    public static void CheckColumns(TrainingData train, TrainingData validation)
    {
        CheckSize(train.A.Binding, validation.A.Binding);
        CheckSize(train.B.Binding, validation.B.Binding);
    }

    private static (TrainingData Train, Sides<int[]> HeldOut) HoldOut(TrainingData train, int count, RandomSource random)
    {
        var order = Enumerable.Range(0, train.PairCount).ToArray();
        random.Managed("validation").Shuffle(order.AsSpan());
        return train.HoldOut(order[..count]);
    }

    // Among a handful of candidates everything is found first after an epoch, and nothing is left to choose by. What is not the answer to any
    // query may distract: unpaired samples, which scoring meets as well, and the training pairs', which weights that know them by heart find everywhere.
    private static ValidationSet WithDistractors(
        TrainingData train, TrainingData? validation, Sides<int[]> pairs, RandomSource random, TrainingReporter reporter)
    {
        var own = validation ?? train;
        var items = Sides<Items>.Of(side => new Items(own.Sides[side].Store, pairs[side]));
        var sides = Sides<ValidationSide>.Of(Choose);
        var links = items.A.Of.Zip(items.B.Of).Distinct().ToArray();
        reporter.Info(
            $"Validation on {pairs.A.Length} pairs, partners ranked among {sides.A.CandidateCount} samples of A and {sides.B.CandidateCount} of B.");
        return new ValidationSet(sides, links, pairs.A.Length);

        ValidationSide Choose(Side side)
        {
            var (trained, validated, sought) = (train.Sides[side], validation?.Sides[side], items[side]);
            var (trainPairs, trainUnpaired) = (trained.Pairs, trained.Unpaired);
            var count = trainPairs.Count + trainUnpaired.Count + (validated?.Unpaired.Count ?? 0);
            var chosen = Sample(count, random.Managed($"validation/distractors {side}"), side, reporter);
            List<int> fromTrain = [], fromValidation = [];
            int[] ofPairs = [.. chosen.Where(number => number < trainPairs.Count)];
            int[] unpaired = [.. chosen.Where(number => number >= trainPairs.Count).Select(number => number - trainPairs.Count)];
            var (keysA, keysB) = (Keys(train.A.Store, Of(ofPairs, train.A.Pairs)), Keys(train.B.Store, Of(ofPairs, train.B.Pairs)));
            for (var i = 0; i < ofPairs.Length; i++)
                // The partner of a sample that a validation pair holds as well is another right answer, on whichever side.
                if (!items.A.Holds(keysA[i]) && !items.B.Holds(keysB[i]))
                    fromTrain.Add(trainPairs[ofPairs[i]]);
            int[] ofTrain = [.. unpaired.Where(number => number < trainUnpaired.Count).Select(number => trainUnpaired[number])];
            int[] ofValidation =
                [.. unpaired.Where(number => number >= trainUnpaired.Count).Select(number => validated!.Unpaired[number - trainUnpaired.Count])];
            fromTrain.AddRange(ofTrain.Zip(Keys(trained.Store, ofTrain)).Where(sample => !sought.Holds(sample.Second)).Select(sample => sample.First));
            fromValidation.AddRange(ofValidation.Zip(Keys(sought.Store, ofValidation)).Where(sample => !sought.Holds(sample.Second))
                .Select(sample => sample.First));
            var equal = chosen.Length - fromTrain.Count - fromValidation.Count;
            if (equal > 0)
                reporter.Info($"Validation: {equal} samples of {side} are no distractors, as they equal a validation pair's sample or belong to one.");
            var distractors = new List<(ExampleStore, int[])> { (trained.Store, [.. fromTrain]) };
            if (fromValidation.Count > 0)
                distractors.Add((sought.Store, [.. fromValidation]));
            return new ValidationSide(sought.Store, sought.Positions, distractors);
        }

        static int[] Of(int[] numbers, IReadOnlyList<int> positions) => Array.ConvertAll(numbers, number => positions[number]);
    }

    private static int[] Sample(int count, ManagedGenerator random, Side side, TrainingReporter reporter)
    {
        var numbers = Enumerable.Range(0, count).ToArray();
        if (count <= MaximumDistractors)
            return numbers;
        random.Shuffle(numbers.AsSpan());
        reporter.Info($"Validation: of {count} distractors of {side} a random sample of {MaximumDistractors} is used, the same in every epoch.");
        return [.. numbers.Take(MaximumDistractors).Order()];
    }

    private static void CheckSize(ModalityBinding train, ModalityBinding validation)
    {
        if (train.InputDimension != validation.InputDimension)
            throw SchemaErrors.Mismatch("validation", validation.Column.Name, train.Column.Type.ToString()!, validation.Column.Type.ToString()!);
    }

    // The validation pairs' samples of a side; equal content is one sample.
    private sealed class Items
    {
        private readonly Dictionary<UInt128, int> _numbers = [];
        private readonly List<int> _positions = [];

        public Items(ExampleStore store, int[] positions)
        {
            (Store, Of) = (store, new int[positions.Length]);
            var keys = Keys(store, positions);
            for (var pair = 0; pair < positions.Length; pair++)
            {
                var key = keys[pair];
                if (_numbers.TryAdd(key, _positions.Count))
                    _positions.Add(positions[pair]);
                Of[pair] = _numbers[key];
            }
        }

        public ExampleStore Store { get; }

        /// <summary>Number of the sample that each pair holds.</summary>
        public int[] Of { get; }

        public int[] Positions => [.. _positions];

        public bool Holds(UInt128 key) => _numbers.ContainsKey(key);
    }

    // What the samples are, wherever they are.
    private static UInt128[] Keys(ExampleStore store, int[] positions)
    {
        if (store is not ShardedStore sharded)
            return Array.ConvertAll(positions, position => Key(store, position));
        var keys = new UInt128[positions.Length];
        sharded.Shards.Exchange(
            positions, 16, (number, bytes) => BinaryPrimitives.WriteUInt128LittleEndian(bytes, Key(store, positions[number])),
            (number, bytes) => keys[number] = BinaryPrimitives.ReadUInt128LittleEndian(bytes), "which validation samples are equal");
        return keys;
    }

    private static UInt128 Key(ExampleStore store, int position)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        store.AppendTo(hash, position);
        return BinaryPrimitives.ReadUInt128LittleEndian(hash.GetHashAndReset());
    }
}
