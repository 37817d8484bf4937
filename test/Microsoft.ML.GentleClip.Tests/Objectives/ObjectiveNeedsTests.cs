using Microsoft.ML.GentleClip.Objectives;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Tests.Objectives;

/// <summary>An objective declares what it reads: each of the library's is run with that and nothing else.</summary>
[TestClass]
public sealed class ObjectiveNeedsTests : ObjectiveTest
{
    private const int Pairs = 4;

    public static IEnumerable<object[]> Objectives => BuiltInObjectives.Rows;

    // What an objective reads of a batch without saying so is found below; that it wants unpaired samples, and rests on pairs, it alone can say.
    [TestMethod]
    public void EachSaysWhetherItLooksAtUnpairedSamplesAndRestsOnPairs() => CollectionAssert.AreEqual(
        new[]
        {
            "CentroidObjective: unpaired", "ContrastiveObjective: pairs only", "KeywordObjective: unpaired, pairs", "KlotObjective: unpaired, pairs",
            "MmdObjective: unpaired", "PseudoLabelObjective: unpaired, pairs", "SddObjective: unpaired", "SelfSupervisedObjective: unpaired, pairs",
            "SinkhornObjective: unpaired", "TransportPairObjective: unpaired",
        },
        BuiltInObjectives.Types.Select(type => (type.Name, BuiltInObjectives.Create(type).Needs))
            .Select(own => $"{own.Name}: {(own.Needs.UnpairedSamples ? "unpaired" : "pairs only")}{(own.Needs.Pairs ? ", pairs" : "")}").ToArray());

    // A need that is not declared throws here, as the batch refuses what is not; one that is declared in vain is no error, but costs, and is found below.
    [TestMethod]
    [DynamicData(nameof(Objectives))]
    public void EachComputesFromWhatItDeclares(string name)
    {
        foreach (var objective in Variants(name))
        {
            var input = Input(objective.Needs);
            using var total = new TotalLoss([objective with { Ramp = null }]);
            var terms = total.Compute(input);
            CollectionAssert.AreEqual(objective.PartNames.ToArray(), terms.Terms.Select(term => term.Name).ToArray());
            terms.Total.backward();
            // Keywords say nothing about one of the sides.
            Tensor[] gradients = [.. new[] { input.EmbeddingsA.grad, input.EmbeddingsB.grad }.OfType<Tensor>()];
            Assert.IsGreaterThan(0, gradients.Sum(gradient => gradient.norm().item<double>()), $"{objective}: gradient");
            Assert.AreEqual(
                objective.Needs.UnpairedSamples, gradients.Sum(gradient => gradient.narrow(0, Pairs, 3).norm().item<double>()) > 0,
                $"{objective}: gradient of the unpaired samples");
        }
    }

    [TestMethod]
    [DynamicData(nameof(Objectives))]
    public void EachNeedsWhatItDeclares(string name)
    {
        var objective = BuiltInObjectives.Named(name) with { Ramp = null };
        using var total = new TotalLoss([objective]);
        var all = Input(objective.Needs);
        if (objective.Needs.SecondViews)
            Misses(all with { SecondViewsA = null }, "SecondViewsA");
        if (objective.Needs.AverageDecay is not null)
            Misses(all with { AveragedA = null }, "AveragedA");
        if (objective.Needs.ClosedForm)
            Misses(all with { ClosedFormB = null }, "ClosedFormB");
        if (objective.Needs.Keywords is not null)
            Misses(all with { Keywords = null, PairHasKeyword = null }, "Keywords");

        void Misses(ObjectiveInput input, string missing) => StringAssert.Contains(
            Assert.ThrowsExactly<InvalidOperationException>(() => total.Compute(input)).Message,
            $"The objective '{objective.Name}' failed at step 0: {missing} is needed, but this batch does not have it.");
    }

    // What the guard and the check of the pairs go by: whether there is a gradient without any pair, towards the other modality.
    [TestMethod]
    [DynamicData(nameof(Objectives))]
    public void WithoutPairsItAlignsOrSaysThatItNeedsThem(string name)
    {
        var objective = BuiltInObjectives.Named(name) with { Ramp = null };
        ObjectiveList list = [objective];
        var input = Input(objective.Needs) with { NumberOfPairs = 0 };
        if (input.PairHasKeyword is not null)
            input = input with { PairHasKeyword = ones(0, 2, ScalarType.Bool) };
        using var total = new TotalLoss(list);
        total.Compute(input).Total.backward();
        var before = input.EmbeddingsA.grad!;
        // Another B: where the gradient of A does not change, A learns nothing about B.
        var other = input with { EmbeddingsA = input.EmbeddingsA.detach().requires_grad_(), EmbeddingsB = RandomUnit(7, 5, 77).requires_grad_() };
        total.Compute(other).Total.backward();
        var looksAcross = (before - other.EmbeddingsA.grad!).norm().item<double>() > 0;
        // The plan of a closed form is made of pairs, wherever these have gone.
        Assert.AreEqual(looksAcross && !objective.Needs.ClosedForm, list.AlignsWithoutPairs, name);
        Assert.AreEqual(objective.Needs.UnpairedSamples, objective.OnPairsOnly() is null, name);
    }

    [TestMethod]
    public void AListNeedsWhatItsActiveObjectivesNeed()
    {
        ObjectiveList list =
            [new ContrastiveObjective(), new SelfSupervisedObjective(), new KlotObjective { Weight = 0 }, new TransportPairObjective { AverageDecay = 0.9 }];
        Assert.AreEqual(new ObjectiveNeeds { UnpairedSamples = true, SecondViews = true, SecondViewShare = 0.25, AverageDecay = 0.9 }, list.Needs);
        Assert.AreEqual(0.5, list.With(new Viewing(0.5)).Needs.SecondViewShare);
        Assert.IsNull(list.With(new Viewing(null)).Needs.SecondViewShare, "all rows");
        Assert.AreEqual(ObjectiveNeeds.PairsOnly, list.OnPairsOnly().Needs);
        Assert.AreEqual(ObjectiveNeeds.PairsOnly, ((ObjectiveList)[]).Needs);
        var two = list.With(new Averaging());
        StringAssert.Contains(
            Assert.ThrowsExactly<ArgumentException>(() => two.Needs).Message,
            "The objectives 'transportPairs' and 'averaging' each need a decay of the towers' average of their own");
        var options = TwoViews.Options();
        options.Objectives = two;
        Assert.ThrowsExactly<ArgumentException>(() => new MLContext().Transforms.GentleClip(options));
    }

    [TestMethod]
    public void UnpairedNegativesAreLeftOutOnPairsOnly()
    {
        ObjectiveList list = [new ContrastiveObjective { UnpairedNegatives = UnpairedSides.Both, Weight = 2 }, new PseudoLabelObjective()];
        Assert.IsTrue(list.AlignsAtAll);
        Assert.IsFalse(list.AlignsWithoutPairs);
        Assert.AreEqual<ObjectiveList>([new ContrastiveObjective { Weight = 2 }], list.OnPairsOnly());
    }

    // One objective computes another: the form is that of the one that needs it.
    [TestMethod]
    public void AnObjectiveMayCallAnother()
    {
        var input = Input(new MmdObjective().Needs);
        using var direct = new TotalLoss([new MmdObjective()]);
        using var within = new TotalLoss([new Custom.Given("mine", batch => new MmdObjective().Compute(batch))]);
        Assert.AreEqual(direct.Compute(input).Total.item<double>(), within.Compute(input).Total.item<double>());
        using var learnable = new TotalLoss([new Custom.Given("mine", batch => new MmdObjective { KernelWeights = MmdKernelWeights.Power }.Compute(batch))]);
        StringAssert.Contains(
            Assert.ThrowsExactly<InvalidOperationException>(() => learnable.Compute(input)).Message, "must be one of the training's objectives itself");
        using var views = new TotalLoss([new Custom.Given("mine", batch => new SelfSupervisedObjective().Compute(batch))]);
        StringAssert.Contains(
            Assert.ThrowsExactly<InvalidOperationException>(() => views.Compute(input)).Message,
            "SecondViewsA is only in batches for objectives that declare it; set ObjectiveNeeds.SecondViews in its Needs.");
    }

    private static IEnumerable<Objective> Variants(string name)
    {
        var usual = BuiltInObjectives.Named(name);
        return usual switch
        {
            ContrastiveObjective own => [own, .. Enum.GetValues<UnpairedSides>().Select(sides => own with { UnpairedNegatives = sides })],
            MmdObjective own => Enum.GetValues<MmdKernelWeights>().Select(weights => own with { KernelWeights = weights }),
            SelfSupervisedObjective own => Enum.GetValues<SelfSupervisedForm>().Select(form => own with { Form = form }),
            PseudoLabelObjective own => Enum.GetValues<UnpairedSides>().Select(sides => own with { Sides = sides }),
            KeywordObjective own => [own, own with { Keywords = own.Keywords with { Modality = Side.A } }],
            _ => [usual],
        };
    }

    /// <summary>4 pairs and 3 unpaired samples a side, and what is needed; nothing else.</summary>
    private static ObjectiveInput Input(ObjectiveNeeds needs) => new()
    {
        EmbeddingsA = RandomUnit(Pairs + 3, 5, 1).requires_grad_(),
        EmbeddingsB = RandomUnit(Pairs + 3, 5, 2).requires_grad_(),
        NumberOfPairs = Pairs,
        LogScale = tensor(2.0).requires_grad_(),
        SecondViewsA = needs.SecondViews ? RandomUnit(Pairs + 3, 5, 3) : null,
        SecondViewsB = needs.SecondViews ? RandomUnit(Pairs + 3, 5, 4) : null,
        AveragedA = needs.AverageDecay is null ? null : RandomUnit(Pairs + 3, 5, 5),
        AveragedB = needs.AverageDecay is null ? null : RandomUnit(Pairs + 3, 5, 6),
        ClosedFormA = needs.ClosedForm ? RandomUnit(Pairs + 3, 6, 7) : null,
        ClosedFormB = needs.ClosedForm ? RandomUnit(Pairs + 3, 6, 8) : null,
        Keywords = needs.Keywords is null ? null : RandomUnit(2, 5, 9),
        PairHasKeyword = needs.Keywords is null ? null : tensor([true, false, false, true, true, true, false, true], [Pairs, 2]),
    };

    private sealed record Viewing(double? Share) : Objective("viewing")
    {
        public override ObjectiveNeeds Needs => new() { SecondViews = true, SecondViewShare = Share };

        public override Tensor Compute(ObjectiveBatch batch) => (batch.FirstViewsA - batch.SecondViewsA).pow(2).sum();
    }

    private sealed record Averaging() : Objective("averaging")
    {
        public override ObjectiveNeeds Needs => new() { AverageDecay = 0.5 };

        public override Tensor Compute(ObjectiveBatch batch) => (batch.EmbeddingsA - batch.AveragedA).pow(2).sum();
    }
}
