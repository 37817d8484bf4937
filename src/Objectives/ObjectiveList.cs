using System.Collections;
using System.Runtime.CompilerServices;

namespace Microsoft.ML.GentleClip;

/// <summary>
/// The objectives of a training, in the order in which they are added up; immutable, each under a name of its own. Write one as <c>[...]</c>, or take that
/// of a preset and change a part of it: <c>options.Objectives = options.Objectives.With&lt;SddObjective&gt;(sdd => sdd with { Bandwidth = 1 })</c>.
/// </summary>
/// <remarks>Two lists are equal where their objectives are, in the same order.</remarks>
[CollectionBuilder(typeof(ObjectiveList), nameof(Create))]
public sealed class ObjectiveList : IReadOnlyList<Objective>, IEquatable<ObjectiveList>
{
    private readonly Objective[] _objectives;

    private ObjectiveList(Objective[] objectives)
    {
        foreach (var objective in objectives)
            (objective ?? throw new ArgumentException("The list of objectives has an element that is null.", nameof(objectives))).Validate();
        var names = objectives.SelectMany(objective => objective.PartNames).GroupBy(name => name, StringComparer.Ordinal);
        if (names.FirstOrDefault(group => group.Count() > 1) is { } twice)
            throw new ArgumentException($"There are {twice.Count()} objectives of the name '{twice.Key}'; expected different names.", nameof(objectives));
        _objectives = objectives;
    }

    /// <summary>Creates a list; what a collection expression calls.</summary>
    /// <param name="objectives">The objectives in their order.</param>
    /// <returns>The list.</returns>
    /// <exception cref="ArgumentException">One is null, two have the same name, or one has a field that is a module, parameter or tensor.</exception>
    public static ObjectiveList Create(ReadOnlySpan<Objective> objectives) => new(objectives.ToArray());

    /// <inheritdoc/>
    public int Count => _objectives.Length;

    /// <inheritdoc/>
    public Objective this[int index] => _objectives[index];

    /// <summary>The list with the objectives of a type changed, each in its place.</summary>
    /// <typeparam name="TObjective">The type.</typeparam>
    /// <param name="change">Gives the new objective for the old one, as <c>sdd => sdd with { Weight = 2 }</c> does.</param>
    /// <returns>The new list.</returns>
    /// <exception cref="InvalidOperationException">There is none of this type; the message says which there are.</exception>
    /// <exception cref="ArgumentException">The new objective is null, or another one has its name.</exception>
    public ObjectiveList With<TObjective>(Func<TObjective, TObjective> change) where TObjective : Objective
    {
        ArgumentNullException.ThrowIfNull(change);
        if (!_objectives.OfType<TObjective>().Any())
            throw new InvalidOperationException(
                $"There is no {typeof(TObjective).Name} to change among the objectives "
                + $"({string.Join(", ", _objectives.Select(objective => objective.GetType().Name))}); add one instead.");
        return new([.. _objectives.Select(objective => objective is TObjective own ? change(own) : objective)]);
    }

    /// <summary>The list with an objective added at the end, or in the place of the one of the same name.</summary>
    /// <param name="objective">The objective.</param>
    /// <returns>The new list.</returns>
    /// <exception cref="ArgumentException">It has a field that is a module, parameter or tensor.</exception>
    public ObjectiveList With(Objective objective)
    {
        ArgumentNullException.ThrowIfNull(objective);
        var place = Array.FindIndex(_objectives, other => other.Name == objective.Name);
        return new(place < 0 ? [.. _objectives, objective] : [.. _objectives[..place], objective, .. _objectives[(place + 1)..]]);
    }

    /// <summary>The list without the objectives of a type; the same list where there is none.</summary>
    /// <typeparam name="TObjective">The type.</typeparam>
    /// <returns>The new list.</returns>
    public ObjectiveList Without<TObjective>() where TObjective : Objective => Where(objective => objective is not TObjective);

    /// <inheritdoc/>
    public IEnumerator<Objective> GetEnumerator() => ((IEnumerable<Objective>)_objectives).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <inheritdoc/>
    public bool Equals(ObjectiveList? other) => other is not null && _objectives.AsSpan().SequenceEqual(other._objectives);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as ObjectiveList);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = default(HashCode);
        foreach (var objective in _objectives)
            hash.Add(objective);
        return hash.ToHashCode();
    }

    /// <summary>Names and weights, in order.</summary>
    public override string ToString() =>
        string.Join(", ", _objectives.Select(objective => FormattableString.Invariant($"{objective.Name} {objective.Weight}")));

    /// <summary>Those whose weight is not 0.</summary>
    internal IEnumerable<Objective> Active => _objectives.Where(objective => objective.IsOn);

    /// <summary>What batches must hold for all of them.</summary>
    /// <exception cref="ArgumentException">Two want different averages or different keywords.</exception>
    internal ObjectiveNeeds Needs => new()
    {
        UnpairedSamples = Active.Any(objective => objective.Needs.UnpairedSamples),
        SecondViews = Active.Any(objective => objective.Needs.SecondViews),
        SecondViewShare = Active.Where(objective => objective.Needs.SecondViews).Max(objective => (double?)(objective.Needs.SecondViewShare ?? 1)) is { } share
            and < 1 ? share : null,
        ClosedForm = Active.Any(objective => objective.Needs.ClosedForm),
        AverageDecay = Shared(needs => needs.AverageDecay, "a decay of the towers' average"),
        Keywords = Shared(needs => needs.Keywords, "keywords"),
    };

    /// <summary>Whether one of them aligns the modalities without any matched pair.</summary>
    internal bool AlignsWithoutPairs => Active.Any(objective => objective.Needs is { UnpairedSamples: true, Pairs: false, ClosedForm: false });

    /// <summary>Whether there is something that says, or brings about, what belongs together; the others rest on it.</summary>
    internal bool AlignsAtAll => AlignsWithoutPairs || OnPairsOnly().Active.Any();

    /// <summary>What remains of them in a training on only the pairs.</summary>
    internal ObjectiveList OnPairsOnly() => new([.. _objectives.Select(objective => objective.OnPairsOnly()).OfType<Objective>()]);

    /// <summary>Those that need no closed form.</summary>
    internal ObjectiveList WithoutClosedForm() => Where(objective => !objective.Needs.ClosedForm);

    private ObjectiveList Where(Func<Objective, bool> stays) => new([.. _objectives.Where(stays)]);

    private T? Shared<T>(Func<ObjectiveNeeds, T?> need, string what)
    {
        var wishes = Active.Where(objective => need(objective.Needs) is not null).ToArray();
        return wishes.FirstOrDefault(objective => !Equals(need(objective.Needs), need(wishes[0].Needs))) is { } other
            ? throw new ArgumentException(
                $"The objectives '{wishes[0].Name}' and '{other.Name}' each need {what} of their own; expected the same for all objectives of a training.")
            : wishes.Length == 0 ? default : need(wishes[0].Needs);
    }
}
