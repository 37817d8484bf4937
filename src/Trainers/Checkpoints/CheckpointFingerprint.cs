using System.Buffers.Binary;
using System.Collections;
using System.Globalization;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.ML.GentleClip.Encoders;
using Microsoft.ML.GentleClip.Modalities;
using Microsoft.ML.GentleClip.Models;
using Microsoft.ML.GentleClip.Options;
using Microsoft.ML.GentleClip.Trainers.Sharding;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Trainers.Checkpoints;

/// <summary>What makes a training the one it is: every option that changes its weights, its rows and the model it starts from, as text by name.</summary>
internal static class CheckpointFingerprint
{
    private const string NotSet = "not set";

    // How a training runs, not what it computes; and files whose content decides, wherever they lie.
    private static readonly HashSet<string> LeftOut =
    [
        nameof(GentleClipOptions.Progress), nameof(GentleClipOptions.CancellationToken), nameof(GentleClipOptions.NumberOfThreads),
        nameof(GentleClipOptions.Device), nameof(GentleClipOptions.Seed), nameof(GentleClipOptions.Checkpoints), nameof(GentleClipOptions.AllowNoPairs),
        nameof(GentleClipOptions.ProcessGroup), nameof(BatchOptions.Shards), nameof(TrainingOptions.Precision),
        nameof(FineTuningOptions.HeadInitialization),
        nameof(GentleClipOptions.ClosedForm), nameof(GentleClipOptions.Objectives),
        nameof(Esm2Options.WeightsFile), nameof(Esm2Options.WeightsKey), nameof(BertEncoderOptions.VocabularyFile),
        "ModelFile", "TokenizerFile", // of encoders in other packages, whose weights have the hash
    ];

    // What checkpoints from before the options came in groups call the same settings.
    private static readonly Dictionary<string, string> FormerNames = new()
    {
        ["BatchSize"] = $"{nameof(TrainingOptions.Batches)}.{nameof(BatchOptions.Size)}",
        ["PairsPerBatch"] = $"{nameof(TrainingOptions.Batches)}.{nameof(BatchOptions.PairsPerBatch)}",
        ["PairsPerBatchRule"] = $"{nameof(TrainingOptions.Batches)}.{nameof(BatchOptions.PairsPerBatchRule)}",
        ["LearningRate"] = $"{nameof(TrainingOptions.Optimizer)}.{nameof(OptimizerOptions.LearningRate)}",
        ["WeightDecay"] = $"{nameof(TrainingOptions.Optimizer)}.{nameof(OptimizerOptions.WeightDecay)}",
        ["WarmupFraction"] = $"{nameof(TrainingOptions.Optimizer)}.{nameof(OptimizerOptions.WarmupFraction)}",
        ["GradientClipNorm"] = $"{nameof(TrainingOptions.Optimizer)}.{nameof(OptimizerOptions.GradientClipNorm)}",
        ["ValidationFraction"] = $"{nameof(TrainingOptions.Validation)}.{nameof(ValidationOptions.Fraction)}",
        ["EarlyStoppingPatience"] = $"{nameof(TrainingOptions.Validation)}.{nameof(ValidationOptions.EarlyStoppingPatience)}",
        ["GuardUnpairedObjectives"] = $"{nameof(TrainingOptions.Validation)}.{nameof(ValidationOptions.GuardUnpairedObjectives)}",
    };

    private static readonly string[] FormerWidths =
        [nameof(BertSize.HiddenDimension), nameof(TextNGramOptions.TableDimension), nameof(CdConvOptions.ResidueDimension)];

    // The same of a user's encoder, as its JSON names them.
    private static readonly HashSet<string> Files =
    [
        .. new[] { nameof(CustomTextEncoderOptions.WeightsFile), nameof(CustomTextEncoderOptions.VocabularyFile) }
            .Select(JsonNamingPolicy.CamelCase.ConvertName),
    ];

    /// <summary>The fingerprint of a training that is about to start.</summary>
    public static SortedDictionary<string, string> Of(TrainingPlan plan, int seed, TrainingData data, ValidationSet? validation, TwoTowerModel? initial)
    {
        var result = new SortedDictionary<string, string>(StringComparer.Ordinal) { ["seed"] = seed.ToString(CultureInfo.InvariantCulture) };
        Describe(result, "", plan.Options);
        // As they were decided, not as they were asked for.
        Describe(result, nameof(GentleClipOptions.ClosedForm), plan.ClosedFormSettings);
        Describe(result, nameof(GentleClipOptions.Objectives), plan.Objectives);
        // Not where nothing is cut: checkpoints from before know no shards.
        if (BatchSharding.ShardsOf(plan.Options) is var shards and > 1)
            result[$"{nameof(TrainingOptions.Batches)}.{nameof(BatchOptions.Shards)}"] = shards.ToString(CultureInfo.InvariantCulture);
        DescribePrecision(result, plan.Options);
        result["training rows"] = Hash(hash =>
        {
            Append(hash, data.A.Store);
            Append(hash, data.B.Store);
            foreach (var positions in new[] { data.A.Pairs, data.B.Pairs, data.A.Unpaired, data.B.Unpaired })
                Append(hash, positions);
            foreach (var keywords in data.PairKeywords)
                hash.AppendData(MemoryMarshal.AsBytes<bool>(keywords));
        });
        result["validation pairs"] = validation is null ? "none" : Hash(hash =>
        {
            foreach (var (side, samples) in validation.Sides.Each)
            {
                if (samples.Store != data.Sides[side].Store)
                    Append(hash, samples.Store);
                Append(hash, samples.Samples);
                foreach (var distractors in samples.Distractors)
                    Append(hash, distractors.Positions);
            }
            Append(hash, [.. validation.Links.SelectMany(link => new[] { link.A, link.B })]);
        });
        // Scores by another measure say nothing about later ones.
        if (validation is not null)
            result["validation criterion"] = "mean log rank";
        result["initial model"] = initial is null ? "none" : Hash(hash =>
        {
            Append(hash, initial.state_dict());
        });
        return result;
    }

    /// <summary>Adds what came out of files, wherever they lie: the weights of pretrained encoders and the tokens of vocabularies.</summary>
    /// <param name="fingerprint">That of the training.</param>
    /// <param name="model">As it is before the first step.</param>
    public static void AddFiles(SortedDictionary<string, string> fingerprint, TwoTowerModel model)
    {
        foreach (var (side, spec, tower) in new[] { ("A", model.Spec.A, model.TowerA), ("B", model.Spec.B, model.TowerB) })
        {
            var kind = EncoderKinds.Of(spec.Modality);
            var files = kind.Files(spec.Modality);
            if (files.Vocabulary is not null)
                fingerprint[$"vocabulary of {side}"] = List(files.Vocabulary);
            // Frozen weights are in no checkpoint, and only a user's network makes its own in ways that no option tells.
            if (files.Weights is not null || (tower.IsFrozen && kind.IsCustom))
                fingerprint[$"pretrained weights of {side}"] = Hash(hash =>
                    Append(hash, tower.state_dict().Where(entry => entry.Key.StartsWith("encoder.", StringComparison.Ordinal))));
        }
    }

    /// <summary>The fingerprint of a fine-tuning that is about to start.</summary>
    /// <param name="options">Its options.</param>
    /// <param name="seed">Seed of the run.</param>
    /// <param name="examples">The rows' samples, a store for each side.</param>
    /// <param name="labels">Their labels.</param>
    /// <param name="train">Numbers of the rows that are trained on.</param>
    /// <param name="validation">Numbers of those that are validated on.</param>
    /// <param name="model">As it is before the first step.</param>
    public static SortedDictionary<string, string> OfFineTuning(
        FineTuningOptions options, int seed, IEnumerable<ExampleStore> examples, IEnumerable<float[]> labels, int[] train, int[] validation, SidedModel model)
    {
        var result = new SortedDictionary<string, string>(StringComparer.Ordinal) { ["seed"] = seed.ToString(CultureInfo.InvariantCulture) };
        Describe(result, "", options);
        DescribePrecision(result, options);
        // Checkpoints from before know but the other.
        if (options.HeadInitialization != HeadInitialization.Prior)
            result[nameof(FineTuningOptions.HeadInitialization)] = options.HeadInitialization.ToString();
        foreach (var side in new[] { Side.A, Side.B }.Where(side => model.TowerOf(side) is not null))
            Describe(result, $"Modality{side}", model.SpecOf(side).Modality);
        result["rows"] = Hash(hash =>
        {
            foreach (var store in examples)
                store.AppendTo(hash);
            foreach (var row in labels)
                hash.AppendData(MemoryMarshal.AsBytes<float>(row));
            Append(hash, train);
            Append(hash, validation);
        });
        result["initial model"] = Hash(hash => Append(hash, model.state_dict()));
        return result;
    }

    /// <summary>What differs, in words. A name that one side lacks is one that is not set: other versions of the library have other options.</summary>
    public static IReadOnlyList<string> Differences(IReadOnlyDictionary<string, string> saved, IReadOnlyDictionary<string, string> now)
    {
        saved = saved.ToDictionary(entry => PresentName(entry.Key, now), entry => entry.Value);
        return
        [
            .. saved.Keys.Union(now.Keys).Order(StringComparer.Ordinal)
                .Select(name => (Name: name, Now: now.GetValueOrDefault(name, NotSet), Saved: saved.GetValueOrDefault(name, NotSet)))
                .Where(entry => entry.Now != entry.Saved).Select(entry => $"{entry.Name} is {entry.Now}, was {entry.Saved}"),
        ];
    }

    // Widths within an encoder were called as the embedding's length is, and only that encoder's options tell what they are called now.
    private static string PresentName(string name, IReadOnlyDictionary<string, string> now)
    {
        const string former = $".{nameof(GentleClipOptions.EmbeddingDimension)}", formerPooling = ".Reading";
        if (FormerNames.TryGetValue(name, out var present))
            return present;
        if (name.EndsWith(formerPooling, StringComparison.Ordinal) && $"{name[..^formerPooling.Length]}.{nameof(CdConvOptions.Pooling)}" is var pooling
            && now.ContainsKey(pooling))
            return pooling;
        return !name.EndsWith(former, StringComparison.Ordinal) || now.ContainsKey(name)
            ? name
            : FormerWidths.Select(width => $"{name[..^former.Length]}.{width}").FirstOrDefault(now.ContainsKey) ?? name;
    }

    // Checkpoints from before know but one.
    private static void DescribePrecision(SortedDictionary<string, string> result, TrainingOptions options)
    {
        if (options.Precision != EncoderPrecision.Float32)
            result[nameof(TrainingOptions.Precision)] = options.Precision.ToString();
    }

    private static void Describe(SortedDictionary<string, string> result, string name, object? value)
    {
        switch (value)
        {
            case null:
                result[name] = NotSet;
                break;
            case Enum choice:
                result[name] = SavedName(choice);
                break;
            case string or bool or TimeSpan:
                result[name] = value.ToString()!;
                break;
            case IFormattable number:
                result[name] = number.ToString(null, CultureInfo.InvariantCulture);
                break;
            case ObjectiveList objectives:
                result[name] = string.Join(", ", objectives.Select(objective => objective.Name));
                foreach (var objective in objectives)
                    DescribePlain(result, $"{name}.{objective.Name}", objective);
                break;
            case ICustomEncoderOptions own:
                DescribeSettings(result, name, own);
                break;
            case IEnumerable items:
                result[name] = List(items);
                break;
            default:
                // A group is always of the same type.
                if (value is not (BatchOptions or OptimizerOptions or ValidationOptions))
                    result[name.Length == 0 ? "kind" : name] = value.GetType().Name;
                foreach (var property in value.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance)
                    .Where(property => property.GetIndexParameters().Length == 0 && !LeftOut.Contains(property.Name)))
                    Describe(result, name.Length == 0 ? property.Name : $"{name}.{property.Name}", property.GetValue(value));
                break;
        }
    }

    // Of an objective, which may be a user's, no more than numbers, texts and our own records is looked at; anything else may be large, or lead back to itself.
    private static void DescribePlain(SortedDictionary<string, string> result, string name, Objective objective)
    {
        result[name] = objective.GetType().Name;
        foreach (var property in objective.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance))
            if (property.GetIndexParameters().Length == 0 && !IsNewAndUnused(property, objective) && IsPlain(property.GetValue(objective)))
                Describe(result, $"{name}.{property.Name}", property.GetValue(objective));
    }

    // Checkpoints from before know but one.
    private static bool IsNewAndUnused(PropertyInfo property, Objective objective) =>
        objective is SelfSupervisedObjective { Share: 1 } && property.Name == nameof(SelfSupervisedObjective.Share);

    private static bool IsPlain(object? value) =>
        value is string or Enum or IConvertible or TimeSpan or IEnumerable<int> or IEnumerable<float> or IEnumerable<double> or IEnumerable<string>
            or WeightRamp or ObjectiveNeeds;

    // As files of before call it.
    private static string SavedName(Enum value) =>
        value.GetType().GetField($"{value}")?.GetCustomAttribute<JsonStringEnumMemberNameAttribute>()?.Name ?? $"{value}";

    // What is saved of a user's settings, all of it, whatever the properties are called; others may lead back to the settings.
    private static void DescribeSettings(SortedDictionary<string, string> result, string name, ICustomEncoderOptions own)
    {
        result[name] = own.GetType().Name;
        foreach (var property in EncoderKey.ToJson(own).EnumerateObject().Where(property => !Files.Contains(property.Name)))
        {
            var text = property.Value.ValueKind == JsonValueKind.String ? property.Value.GetString()! : property.Value.GetRawText();
            result[$"{name}.{property.Name}"] = Shorten(text);
        }
    }

    private static string List(IEnumerable items) =>
        Shorten(string.Join(' ', items.Cast<object?>().Select(item =>
            item is IEnumerable inner and not string ? $"[{List(inner)}]" : Convert.ToString(item, CultureInfo.InvariantCulture))));

    private static string Shorten(string text)
    {
        const int longest = 80;
        return text.Length <= longest ? text : Hash(hash => hash.AppendData(Encoding.UTF8.GetBytes(text)));
    }

    private static string Hash(Action<IncrementalHash> append)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        append(hash);
        return $"content {Convert.ToHexStringLower(hash.GetHashAndReset())[..16]}";
    }

    // Of rows that are dealt out, which shard each is in and a hash of each shard, from the process that has it.
    private static void Append(IncrementalHash hash, ExampleStore store)
    {
        if (store is not ShardedStore sharded)
        {
            store.AppendTo(hash);
            return;
        }
        int[] all = [.. Enumerable.Range(0, store.Count)];
        Append(hash, Array.ConvertAll(all, sharded.Shards.ShardOf));
        sharded.Shards.ExchangeShards(
            SHA256.HashSizeInBytes,
            (shard, bytes) =>
            {
                using var own = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
                foreach (var position in sharded.Shards.In(shard, all))
                    store.AppendTo(own, position);
                own.GetHashAndReset(bytes);
            },
            (_, bytes) => hash.AppendData(bytes), "comparing the rows");
    }

    private static void Append(IncrementalHash hash, IEnumerable<KeyValuePair<string, Tensor>> weights)
    {
        using var scope = NewDisposeScope();
        foreach (var (name, value) in weights.OrderBy(entry => entry.Key, StringComparer.Ordinal))
        {
            hash.AppendData(Encoding.UTF8.GetBytes(name));
            hash.AppendData(value.detach().cpu().contiguous().bytes);
        }
    }

    private static void Append(IncrementalHash hash, IReadOnlyCollection<int> positions)
    {
        var bytes = new byte[sizeof(int) * (positions.Count + 1)];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, positions.Count);
        var at = sizeof(int);
        foreach (var position in positions)
        {
            BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(at), position);
            at += sizeof(int);
        }
        hash.AppendData(bytes);
    }
}
