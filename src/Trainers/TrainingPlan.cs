using System.Globalization;
using System.Text;
using Microsoft.ML.GentleClip.Models;
using Microsoft.ML.GentleClip.Options;
using Microsoft.ML.GentleClip.Trainers;
using Microsoft.ML.GentleClip.Trainers.Sharding;

namespace Microsoft.ML.GentleClip;

/// <summary>
/// What a training will do with its rows, decided before it begins: closed form or towers or both, batches, steps, validation. Immutable;
/// <see cref="GentleClipEstimator.Plan"/> makes one, and <c>Fit</c> carries out the same.
/// </summary>
/// <remarks>
/// Only one thing is found later, by the fit of the closed form itself: rows that hold no relation at all. An optional closed form is left out then,
/// and the log says so.
/// </remarks>
public sealed class TrainingPlan
{
    /// <summary>Fewest samples of a modality, pairs of a closed form, pairs that say what belongs together, and pairs to validate on.</summary>
    internal const int Fewest = 2;

    private const int NameWidth = 18;

    private readonly TrainingFacts _facts;

    private TrainingPlan(
        GentleClipOptions options, TrainingFacts facts, int validationPairs, ClosedFormOptions? closedForm, string reason, string? roleReason,
        ObjectiveList objectives)
    {
        (Options, _facts, ValidationPairs, ClosedFormSettings, ClosedFormReason, RoleReason, Objectives) =
            (options, facts, validationPairs, closedForm, reason, roleReason, objectives);
        Pairs = facts.ValidationPairs is null ? facts.Pairs - validationPairs : facts.Pairs;
        Batches = TrainsTowers ? BatchPlan.Create(options, objectives, Pairs, UnpairedA, UnpairedB) : null;
        if (Batches is not null)
            BatchSharding.Check(options, Batches);
        var guards = options.Validation.GuardUnpairedObjectives && validationPairs > 0
            && objectives.Needs.UnpairedSamples && objectives.OnPairsOnly().Active.Any(); // else nothing would be left for the second training
        Trainings = !TrainsTowers ? 0 : guards ? 2 : 1;
        LeftOut = [.. SayWhatIsLeftOut()];
    }

    /// <summary>What the closed form does: alone, beside the towers or their teacher, never <see cref="ClosedFormRole.Chosen"/>; null for none.</summary>
    public ClosedFormRole? ClosedForm => ClosedFormSettings?.Role;

    /// <summary>Why the closed form has its role, or why there is none.</summary>
    public string ClosedFormReason { get; }

    /// <summary>Slots of the embedding that the closed form has: all where it is alone, 0 for none and for a mere teacher.</summary>
    public int ClosedFormSlots => ClosedFormSpec?.Dimension ?? 0;

    /// <summary>Whether towers are trained.</summary>
    public bool TrainsTowers => ClosedFormSettings is not { Role: ClosedFormRole.Alone };

    /// <summary>What a batch consists of; null without towers.</summary>
    public BatchPlan? Batches { get; }

    /// <summary>Optimiser steps of each training, at most: early stopping may end before. 0 without towers.</summary>
    public int Steps => TrainsTowers ? Options.MaximumNumberOfSteps : 0;

    /// <summary>Trainings of towers: 2 where <see cref="ValidationOptions.GuardUnpairedObjectives"/> compares, 0 without towers.</summary>
    public int Trainings { get; }

    /// <summary>How often a training shows each pair, on average, if it takes all its steps; 0 without towers or pairs.</summary>
    public double PairPresentations => Batches is null || Pairs == 0 ? 0 : (double)Steps * Batches.Pairs / Pairs;

    /// <summary>Rows found.</summary>
    public long Rows => _facts.Rows;

    /// <summary>Matched pairs to train on; those held out are not among them.</summary>
    public int Pairs { get; }

    /// <summary>Unpaired samples of modality A.</summary>
    public int UnpairedA => _facts.UnpairedA;

    /// <summary>Unpaired samples of modality B.</summary>
    public int UnpairedB => _facts.UnpairedB;

    /// <summary>Matched pairs to validate on; 0 without validation.</summary>
    public int ValidationPairs { get; }

    /// <summary>What of the rows has no part in the training, or only a part of it, in words; empty where all take part.</summary>
    public IReadOnlyList<string> LeftOut { get; }

    /// <summary>The user's options.</summary>
    internal GentleClipOptions Options { get; }

    /// <summary>The objectives of the towers: without those that follow a closed form where there is none.</summary>
    internal ObjectiveList Objectives { get; }

    /// <summary>Settings of the closed form with the role that was decided; null for none.</summary>
    internal ClosedFormOptions? ClosedFormSettings { get; }

    /// <summary>The closed-form part of the model; null for none or a mere teacher.</summary>
    internal ClosedFormSpec? ClosedFormSpec => ClosedFormSettings switch
    {
        { Role: ClosedFormRole.Alone } => new ClosedFormSpec(ClosedFormRole.Alone, 1, Options.EmbeddingDimension),
        { Role: ClosedFormRole.BesideTowers, Share: var share } =>
            new ClosedFormSpec(ClosedFormRole.BesideTowers, share ?? ClosedFormOptions.DefaultShare, OptionsValidator.ClosedFormSlots(Options)),
        _ => null,
    };

    /// <summary>Why the closed form has its role where that was left to the fit; null where the options say it.</summary>
    internal string? RoleReason { get; }

    /// <summary>The objectives that went with the closed form, as a sentence for the log; empty for none.</summary>
    internal string LeftOutWithClosedForm => Followers.Count == 0 ? "" : $" The objectives that follow it are left out: {string.Join(", ", Followers)}.";

    /// <summary>What the log warns of before the training.</summary>
    internal string? Warning { get; private init; }

    /// <summary>Whether towers may be trained, whatever the rows are.</summary>
    internal static bool MayTrainTowers(GentleClipOptions options, bool validates, bool continues) =>
        options.ClosedForm is not { Optional: false } || DecideRole(options, validates, continues).Role != ClosedFormRole.Alone;

    /// <summary>Decides what a training does.</summary>
    /// <param name="options">The user's, validated.</param>
    /// <param name="facts">What the data hold.</param>
    /// <exception cref="InvalidOperationException">The rows cannot be trained on.</exception>
    internal static TrainingPlan Resolve(GentleClipOptions options, TrainingFacts facts)
    {
        CheckSamples(options, facts);
        var validationPairs = CountValidationPairs(options, facts);
        var pairs = facts.ValidationPairs is null ? facts.Pairs - validationPairs : facts.Pairs;
        var (role, roleReason) = DecideRole(options, facts.ValidationPairs is not null, facts.Continues);
        if (options.ClosedForm is not { } wanted)
            return Without("none is asked for", options.Objectives);
        if (Obstacle(options, role, pairs) is { } obstacle && wanted.Optional)
            return Without(obstacle, ThoseWithoutClosedForm(options));
        if (pairs < Fewest)
            throw new InvalidOperationException(
                $"The closed form is fitted on matched pairs, and the training data hold {pairs}; expected at least {Fewest}. {facts.Pairing}");
        var reason = roleReason ?? $"{nameof(ClosedFormOptions)}.{nameof(ClosedFormOptions.Role)} says so";
        return new TrainingPlan(options, facts, validationPairs, wanted with { Role = role!.Value }, reason, roleReason, options.Objectives);

        TrainingPlan Without(string why, ObjectiveList objectives) => new(options, facts, validationPairs, null, why, null, objectives)
        {
            Warning = CheckPairs(options, objectives, pairs, facts),
        };
    }

    /// <summary>The plan of a training whose optional closed form found nothing to align.</summary>
    /// <exception cref="InvalidOperationException">Nothing would be left to train on.</exception>
    internal TrainingPlan WithoutClosedForm(string reason) => new(Options, _facts, ValidationPairs, null, reason, null, ThoseWithoutClosedForm(Options));

    /// <summary>The plan of the guard's second training.</summary>
    internal TrainingPlan OnPairsOnly() =>
        new(Options, _facts, ValidationPairs, ClosedFormSettings, ClosedFormReason, RoleReason, Objectives.OnPairsOnly());

    /// <summary>The plan in a few lines of plain words. Numbers are written the same in every culture.</summary>
    public override string ToString()
    {
        var text = new StringBuilder("Training plan");
        Line("rows", $"{Rows:N0}: {Pairs:N0} pairs to train on, {UnpairedA:N0} unpaired samples of A and {UnpairedB:N0} of B");
        if (ValidationPairs > 0)
            Line("validation", $"{ValidationPairs:N0} pairs, {(_facts.ValidationPairs is null ? "held out" : "from data of their own")}");
        else
            Line("validation", $"none");
        Line("closed form", $"{DescribeClosedForm()}: {ClosedFormReason}");
        if (Batches is { } batches)
        {
            Line("towers", $"trained on {string.Join(", ", Objectives.Active.Select(objective => objective.Name))}");
            Line("batches", $"{batches.Pairs:N0} pairs, {batches.UnpairedA:N0} unpaired samples of A and {batches.UnpairedB:N0} of B");
            if (BatchSharding.Of(Options) is { IsOn: true } sharding)
                Line("shards", $"{sharding.Shards:N0} a batch, {sharding.Own:N0} in each of {sharding.Group.Size:N0} processes");
            if (Options.Precision != EncoderPrecision.Float32)
                Line("precision", $"{Options.Precision} in the encoders' products");
            Line("steps", $"at most {Steps:N0}, {batches.StepsPerEpoch:N0} per epoch; each pair is shown {PairPresentations:0.#} times");
            Line("trainings", $"{Trainings}{(Trainings == 2 ? ": with the losses on unpaired samples and without them" : "")}");
        }
        else
            Line("towers", $"none");
        foreach (var what in LeftOut)
            Line("left out", $"{what}");
        return text.ToString();

        void Line(string name, FormattableString value) =>
            text.AppendLine().Append("  ").Append(name.PadRight(NameWidth)).Append(value.ToString(CultureInfo.InvariantCulture));
    }

    private IReadOnlyList<string> Followers => ClosedFormSettings is not null
        ? []
        : [.. Options.Objectives.Active.Where(objective => objective.Needs.ClosedForm).Select(objective => objective.Name)];

    private string DescribeClosedForm() => ClosedForm switch
    {
        null => "none",
        ClosedFormRole.Alone => "alone",
        ClosedFormRole.BesideTowers => $"beside the towers, in {ClosedFormSlots} of {Options.EmbeddingDimension} slots",
        _ => "teacher of the towers",
    };

    private static (ClosedFormRole? Role, string? Reason) DecideRole(GentleClipOptions options, bool validates, bool continues)
    {
        if (options.ClosedForm is not { Role: ClosedFormRole.Chosen })
            return (options.ClosedForm?.Role, null);
        return TowerWishes.Of(options, validates, continues) is { } wish
            ? (ClosedFormRole.BesideTowers, $"towers with the closed form beside them where it can be fitted: {wish}")
            : (ClosedFormRole.Alone,
                "the closed form alone, no towers: both modalities are feature vectors or have frozen encoders, and nothing asks for towers");
    }

    private static string? Obstacle(GentleClipOptions options, ClosedFormRole? role, int pairs)
    {
        foreach (var modality in new[] { options.ModalityA!, options.ModalityB! })
        {
            if (!modality.SuitsClosedForm)
                return $"column '{modality.InputColumnName}' does not hold feature vectors, and its encoder is not frozen";
        }
        if (role == ClosedFormRole.BesideTowers && OptionsValidator.ClosedFormSlots(options) == 0)
            return $"an embedding of {options.EmbeddingDimension} slots has none to spare";
        return pairs < Fewest ? $"there are {pairs} matched pairs" : null;
    }

    private static ObjectiveList ThoseWithoutClosedForm(GentleClipOptions options)
    {
        var rest = options.Objectives.WithoutClosedForm();
        return rest.AlignsAtAll ? rest : throw new InvalidOperationException(
            $"There can be no {nameof(ClosedForm)} here, and of the objectives that do not follow it ({rest}) none that looks at pairs, or that aligns "
            + "the modalities without any, has a weight above 0; expected at least one.");
    }

    private static void CheckSamples(GentleClipOptions options, TrainingFacts facts)
    {
        if (facts.Rows == 0)
            throw new InvalidOperationException("The training data have no rows.");
        foreach (var (count, modality) in new[] { (facts.Pairs + facts.UnpairedA, options.ModalityA!), (facts.Pairs + facts.UnpairedB, options.ModalityB!) })
        {
            if (count < Fewest)
                throw new InvalidOperationException(
                    $"Column '{modality.InputColumnName}' holds {count} samples in {facts.Rows} rows; expected at least {Fewest}.");
        }
    }

    private static int CountValidationPairs(GentleClipOptions options, TrainingFacts facts)
    {
        if (facts.ValidationPairs is { } given)
        {
            return given >= Fewest ? given : throw new InvalidOperationException(
                $"The validation data hold {given} matched pairs; expected at least {Fewest}. {facts.ValidationPairing}");
        }
        var fraction = options.Validation.Fraction;
        if (fraction == 0)
            return 0;
        var count = Math.Max(Fewest, (int)Math.Round(fraction * facts.Pairs));
        return facts.Pairs - count >= Fewest ? count : throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture,
            $"Validation.Fraction {fraction} holds out {count} of {facts.Pairs} matched pairs; expected at least {Fewest} to be left to train on. ")
            + $"Hold out fewer, or give Fit a validation set. {facts.Pairing}");
    }

    // Null where the pairs say which sample belongs to which; else what the log warns of.
    private static string? CheckPairs(GentleClipOptions options, ObjectiveList objectives, int pairs, TrainingFacts facts)
    {
        if (pairs >= Fewest)
            return null;
        if (!objectives.AlignsWithoutPairs)
            throw new InvalidOperationException(
                $"The training data hold {pairs} matched pairs and the losses on unpaired samples are off; expected at least {Fewest} pairs. {facts.Pairing}");
        if (!options.AllowNoPairs)
            throw new InvalidOperationException(
                $"The training data hold {pairs} matched pairs; expected at least {Fewest}, as nothing else says which sample of A belongs to "
                + $"which of B. {facts.Pairing} To bring only the modalities' distributions together, set {nameof(GentleClipOptions.AllowNoPairs)}; "
                + "retrieval does not work then.");
        return pairs == 0
            ? "The training data hold no matched pair: the modalities' distributions are aligned, but nothing says which sample belongs to which. "
                + "Do not expect retrieval to work."
            : "The training data hold one matched pair: the contrastive loss needs two, so it stays 0.";
    }

    private IEnumerable<string> SayWhatIsLeftOut()
    {
        if (_facts.EmptyRows > 0)
            yield return Invariant($"{_facts.EmptyRows:N0} rows have neither side.");
        if (TrainsTowers && !Objectives.Needs.UnpairedSamples && UnpairedA + UnpairedB > 0)
            yield return Invariant($"No objective of the towers looks at the unpaired samples, {UnpairedA:N0} of A and {UnpairedB:N0} of B.");
        if (Followers.Count > 0)
            yield return $"Without a closed form there is none to follow for these objectives: {string.Join(", ", Followers)}.";
        foreach (var line in LeftOutOfClosedForm())
            yield return line;
    }

    /// <summary>What the closed form does not look at, in words.</summary>
    internal IEnumerable<string> LeftOutOfClosedForm()
    {
        if (ClosedFormSettings is not { } settings)
            yield break;
        var transports = settings.Method is ClosedFormMethod.Chosen or ClosedFormMethod.Blend or ClosedFormMethod.Transport;
        var most = transports ? Math.Min(settings.MaximumUnpairedRows, settings.MaximumTransportRows) : settings.MaximumUnpairedRows;
        var limit = most < settings.MaximumUnpairedRows ? nameof(ClosedFormOptions.MaximumTransportRows) : nameof(ClosedFormOptions.MaximumUnpairedRows);
        foreach (var (side, modality, rows) in new[] { ("A", Options.ModalityA!, UnpairedA), ("B", Options.ModalityB!, UnpairedB) })
        {
            if (rows > most)
                yield return Invariant(
                    $"The closed form matches {most:N0} of the {rows:N0} unpaired samples of column '{modality.InputColumnName}' (side {side}), ")
                    + DrawnBy(limit);
        }
        if (Pairs > settings.MaximumAnchors)
            yield return Invariant(
                $"The closed form's kernel has {settings.MaximumAnchors:N0} of the {Pairs:N0} pairs as anchors, ")
                + DrawnBy(nameof(ClosedFormOptions.MaximumAnchors));

        static string DrawnBy(string option) => $"drawn at random ({nameof(ClosedFormOptions)}.{option}).";
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
