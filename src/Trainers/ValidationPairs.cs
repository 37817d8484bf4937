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
        var (rest, a, b) = validation is null
            ? HoldOut(train, plan.ValidationPairs, random)
            : (train, [.. validation.PairsA], [.. validation.PairsB]);
        if (a.Length < FewPairs)
            reporter.Warning($"There are {a.Length} validation pairs. So few tell good from bad weights badly: what they choose is largely chance. "
                + $"Expected {FewPairs} or more; with fewer pairs to spare, train without validation on all of them, for a number of steps that is known to "
                + "do.");
        return (WithDistractors(rest, validation, a, b, random, reporter), rest);
    }

    /// <summary>Checks that the columns of validation data are those of the training.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A column has another size than that of the training data.</exception>
    public static void CheckColumns(TrainingData train, TrainingData validation)
    {
        CheckSize(train.BindingA, validation.BindingA);
        CheckSize(train.BindingB, validation.BindingB);
    }

    private static (TrainingData Train, int[] A, int[] B) HoldOut(TrainingData train, int count, RandomSource random)
    {
        var order = Enumerable.Range(0, train.PairsA.Count).ToArray();
        random.Managed("validation").Shuffle(order.AsSpan());
        return train.HoldOut(order[..count]);
    }

    // Among a handful of candidates everything is found first after an epoch, and nothing is left to choose by. What is not the answer to any
    // query may distract: unpaired samples, which scoring meets as well, and the training pairs', which weights that know them by heart find everywhere.
    private static ValidationSet WithDistractors(
        TrainingData train, TrainingData? validation, int[] pairsA, int[] pairsB, RandomSource random, TrainingReporter reporter)
    {
        var own = validation ?? train;
        var (itemsA, itemsB) = (new Items(own.A, pairsA), new Items(own.B, pairsB));
        var a = Side(train.PairsA, validation?.UnpairedA, train.UnpairedA, itemsA, train.A, "A");
        var b = Side(train.PairsB, validation?.UnpairedB, train.UnpairedB, itemsB, train.B, "B");
        var links = itemsA.Of.Zip(itemsB.Of).Distinct().ToArray();
        reporter.Info($"Validation on {pairsA.Length} pairs, partners ranked among {a.CandidateCount} samples of A and {b.CandidateCount} of B.");
        return new ValidationSet(a, b, links, pairsA.Length);

        ValidationSide Side(
            IReadOnlyList<int> trainPairs, IReadOnlyList<int>? validationUnpaired, IReadOnlyList<int> trainUnpaired, Items items, ExampleStore trainStore,
            string name)
        {
            var count = trainPairs.Count + trainUnpaired.Count + (validationUnpaired?.Count ?? 0);
            var chosen = Sample(count, random.Managed($"validation/distractors {name}"), name, reporter);
            List<int> fromTrain = [], fromValidation = [];
            var equal = 0;
            foreach (var number in chosen)
            {
                if (number < trainPairs.Count)
                {
                    // The partner of a sample that a validation pair holds as well is another right answer, on whichever side.
                    if (itemsA.Holds(train.A, train.PairsA[number]) || itemsB.Holds(train.B, train.PairsB[number]))
                        equal++;
                    else
                        fromTrain.Add(trainPairs[number]);
                    continue;
                }
                var unpaired = number - trainPairs.Count;
                var (store, position, list) = unpaired < trainUnpaired.Count
                    ? (trainStore, trainUnpaired[unpaired], fromTrain)
                    : (items.Store, validationUnpaired![unpaired - trainUnpaired.Count], fromValidation);
                if (items.Holds(store, position))
                    equal++;
                else
                    list.Add(position);
            }
            if (equal > 0)
                reporter.Info($"Validation: {equal} samples of {name} are no distractors, as they equal a validation pair's sample or belong to one.");
            var distractors = new List<(ExampleStore, int[])> { (trainStore, [.. fromTrain]) };
            if (fromValidation.Count > 0)
                distractors.Add((items.Store, [.. fromValidation]));
            return new ValidationSide(items.Store, items.Positions, distractors);
        }
    }

    private static int[] Sample(int count, ManagedGenerator random, string side, TrainingReporter reporter)
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
            for (var pair = 0; pair < positions.Length; pair++)
            {
                var key = Key(store, positions[pair]);
                if (_numbers.TryAdd(key, _positions.Count))
                    _positions.Add(positions[pair]);
                Of[pair] = _numbers[key];
            }
        }

        public ExampleStore Store { get; }

        /// <summary>Number of the sample that each pair holds.</summary>
        public int[] Of { get; }

        public int[] Positions => [.. _positions];

        public bool Holds(ExampleStore store, int position) => _numbers.ContainsKey(Key(store, position));

        private static UInt128 Key(ExampleStore store, int position)
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            store.AppendTo(hash, position);
            return BinaryPrimitives.ReadUInt128LittleEndian(hash.GetHashAndReset());
        }
    }
}
