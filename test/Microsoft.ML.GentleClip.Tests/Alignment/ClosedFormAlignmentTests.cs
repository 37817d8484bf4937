using Microsoft.ML.GentleClip.Alignment;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Tests.Alignment;

[TestClass]
public sealed class ClosedFormAlignmentTests : AlignmentTest
{
    private static readonly AlignmentSettings Everything = new()
    {
        Method = ClosedFormMethod.SelfTraining,
        SelfTraining = new() { Use = ClosedFormPart.On },
        Spectral = new() { Use = ClosedFormPart.On },
        Smoothing = new() { Use = true },
        EmbeddingDimension = 16,
    };

    private static readonly AlignmentSettings Blend = Everything with { Method = ClosedFormMethod.Blend };

    [TestMethod]
    public void EqualFitsGiveEqualBits()
    {
        var data = Data(20, 60, 50);
        foreach (var settings in new[] { new AlignmentSettings(), Blend, Everything, Everything with { MaximumAnchors = 20 } })
        {
            var ((one, _), (two, _)) = (Fit(data, settings), Fit(data, settings));
            using (one)
            using (two)
            {
                var (first, second) = (one.GetState(), two.GetState());
                CollectionAssert.AreEqual(first.Keys.ToArray(), second.Keys.ToArray());
                foreach (var (name, value) in first)
                    AssertSameBits(value, second[name], name);
            }
        }
    }

    [TestMethod]
    [DataRow(false, false)]
    [DataRow(true, false)]
    [DataRow(true, true)]
    public void RebuildsFromItsState(bool everything, bool blend)
    {
        var data = Data(20, 60, 50);
        var (a, b) = Views(30, 6, 5, seed: 7);
        var (alignment, _) = Fit(data, blend ? Blend : everything ? Everything : Plain);
        using (alignment)
        {
            var state = alignment.GetState();
            Assert.IsTrue(state.Values.All(value => value.dtype == float64));
            Assert.AreEqual(blend, state.ContainsKey("a.transport.linear") && state.ContainsKey("b.transport.numbers"));
            Assert.AreEqual(everything, state.ContainsKey("a.cut") && state.ContainsKey("b.smoothing.bank") && state.ContainsKey("a.spectral.map"));
            using var rebuilt = ClosedFormAlignment.FromState(state);
            Assert.AreEqual(alignment.Width, rebuilt.Width);
            Assert.AreEqual(everything, rebuilt.HasSpectralPart);
            Assert.AreEqual(6, rebuilt.Dimension(Side.A));
            AssertSameBits(alignment.Embed(a, Side.A), rebuilt.Embed(a, Side.A), "A");
            AssertSameBits(alignment.Embed(b, Side.B), rebuilt.Embed(b, Side.B), "B");
            alignment.Dispose();
            AssertUnit(rebuilt.Embed(a, Side.A)); // it has its own copies
        }
    }

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void RefusesADamagedState(bool blend)
    {
        var (alignment, _) = Fit(Data(20, 60, 50), blend ? Blend : Everything);
        using (alignment)
        {
            var whole = alignment.GetState();
            foreach (var name in whole.Keys)
            {
                var state = new Dictionary<string, Tensor>(whole);
                var value = state[name];
                state[name] = value.to(float32);
                Refuses(state, name);
                state[name] = value.unsqueeze(0);
                Refuses(state, name);
                state[name] = full_like(value, double.NaN);
                Refuses(state, name);
                state.Remove(name);
                // Without its first tensor an optional part is not there: then the widths do not fit.
                Refuses(state, name is "a.transport.linear" or "b.transport.linear" or "a.spectral.bank" or "b.spectral.bank" or "a.cut" or "b.cut" ? ""
                    : name is "a.smoothing.bank" or "b.smoothing.bank" ? null : name);
            }
        }

        static void Refuses(Dictionary<string, Tensor> state, string? name)
        {
            if (name is null)
                return;
            var live = LiveTensors.Settled();
            var error = Assert.ThrowsExactly<InvalidDataException>(() => ClosedFormAlignment.FromState(state));
            StringAssert.Contains(error.Message, name, StringComparison.Ordinal);
            LiveTensors.AssertAtMost(live, "live tensors after a refusal");
        }
    }

    [TestMethod]
    [DataRow(0, 0.5, "width")]
    [DataRow(0, 1e18, "width")]
    [DataRow(2, -1.0, "linear weight")]
    [DataRow(3, -1.0, "kernel weight")]
    [DataRow(4, -0.1, "spectral weight")]
    [DataRow(5, 0.0, "spectral neighbours")]
    [DataRow(5, 2.5, "spectral neighbours")]
    [DataRow(6, -3.0, "smoothing weight")]
    [DataRow(7, -10.0, "smoothing neighbours")]
    [DataRow(7, 1e12, "smoothing neighbours")]
    public void RefusesNumbersThatCannotBe(int index, double value, string name)
    {
        var (alignment, _) = Fit(Data(20, 60, 50), Everything);
        using (alignment)
        {
            var state = new Dictionary<string, Tensor>(alignment.GetState());
            var numbers = state["b.numbers"].clone();
            numbers[index] = value;
            state["b.numbers"] = numbers;
            StringAssert.Contains(Assert.ThrowsExactly<InvalidDataException>(() => ClosedFormAlignment.FromState(state)).Message, $"'b.numbers' says {name}");
        }
    }

    [TestMethod]
    [DataRow(-1.0, 1.0)]
    [DataRow(0.0, 0.0)]
    public void RefusesTransportWeightsThatCannotBe(double linear, double kernel)
    {
        var (alignment, _) = Fit(Data(20, 60, 50), Blend);
        using (alignment)
        {
            var state = new Dictionary<string, Tensor>(alignment.GetState()) { ["b.transport.numbers"] = tensor(new[] { linear, kernel }) };
            var error = Assert.ThrowsExactly<InvalidDataException>(() => ClosedFormAlignment.FromState(state));
            StringAssert.Contains(error.Message, "'b.transport.numbers' says weights");
        }
    }

    [TestMethod]
    public void OwnsItsTensorsAndLeavesNoOther()
    {
        var data = Data(20, 60, 50);
        var rows = Views(30, 6, 5, seed: 7).A;
        var live = LiveTensors.Settled();
        foreach (var settings in new[] { Plain, new AlignmentSettings(), Blend, Everything, Everything with { MaximumAnchors = 20 } })
        {
            ClosedFormAlignment alignment;
            using (NewDisposeScope())
                (alignment, _) = Fit(data, settings);
            using (alignment)
            {
                var fitted = LiveTensors.Settled();
                using (var embeddings = alignment.Embed(rows, Side.A))
                    AssertUnit(embeddings);
                using (NewDisposeScope())
                    ClosedFormAlignment.FromState(alignment.GetState()).Dispose();
                LiveTensors.AssertAtMost(fitted, "live tensors after embedding and rebuilding");
            }
            LiveTensors.AssertAtMost(live, "live tensors after the alignment was disposed");
        }
    }

    [TestMethod]
    [DataRow(200)]
    [DataRow(30)]
    [DataRow(8)]
    [DataRow(1)]
    public void HasTheWidthAskedFor(int width)
    {
        var data = Data(40, 60, 50, 12, 10);
        var (a, b) = Views(30, 12, 10, seed: 7);
        var (natural, reportOfNatural) = Fit(data, Plain);
        var (resized, report) = Fit(data, Plain with { EmbeddingDimension = width });
        using (natural)
        using (resized)
        {
            Assert.AreEqual(reportOfNatural.NaturalWidth, natural.Width);
            Assert.AreEqual((width, reportOfNatural.NaturalWidth), (resized.Width, report.NaturalWidth));
            foreach (var (rows, side) in new[] { (a, Side.A), (b, Side.B) })
            {
                var embeddings = resized.Embed(rows, side);
                CollectionAssert.AreEqual(new long[] { 30, width }, embeddings.shape);
                AssertUnit(embeddings);
            }
            if (width > report.NaturalWidth)
            {
                Assert.AreEqual(1, report.KeptEnergy);
                AssertSameBits(natural.Embed(a, Side.A), resized.Embed(a, Side.A).narrow(1, 0, report.NaturalWidth), "padding");
            }
            else
                Assert.IsTrue(report.KeptEnergy is > 0 and < 1, $"kept {report.KeptEnergy}");
            if (width == 30)
            {
                // Nearly all of the length lies in few directions: the cut hardly shows.
                Assert.IsGreaterThan(0.95, report.KeptEnergy);
                AssertClose(Cosines(natural, a, b), Cosines(resized, a, b), 0.1);
            }
        }
    }

    [TestMethod]
    public void KeepsTheInputsType()
    {
        var (alignment, _) = Fit(Data(20, 60, 50), Plain);
        using (alignment)
        {
            var rows = Views(7, 6, 5, seed: 7).A;
            var (wide, narrow) = (alignment.Embed(rows, Side.A), alignment.Embed(rows.to(float32), Side.A));
            Assert.AreEqual((float64, float32), (wide.dtype, narrow.dtype));
            AssertClose(wide, narrow.to(float64), 1e-5);
            CollectionAssert.AreEqual(new long[] { 0, alignment.Width }, alignment.Embed(rows.narrow(0, 0, 0), Side.A).shape);
            Assert.IsFalse(alignment.Embed(rows.clone().requires_grad_(), Side.A).requires_grad);
        }
    }

    [TestMethod]
    public void RowsAreEmbeddedEachForItself()
    {
        var (alignment, _) = Fit(Data(20, 60, 50), Everything);
        using (alignment)
        {
            var rows = Views(40, 6, 5, seed: 7).B;
            var together = alignment.Embed(rows, Side.B);
            var single = cat([.. Enumerable.Range(0, 40).Select(i => alignment.Embed(rows.narrow(0, i, 1), Side.B))], 0);
            AssertClose(together, single, 1e-10);
        }
    }

    [TestMethod]
    public void StateHoldsTheMapsAlone()
    {
        // 200 pairs in 256 dimensions: maps of a side are at most 256 x 64 + 64 x 64 + 200 x 64 + 200 x 199 numbers.
        var (alignment, _) = Fit(Data(200, 50, 50, 256, 256), Plain);
        using (alignment)
            Assert.IsLessThan(2 * (256 * 65 + 64 * 65 + 200 * 64 + 200 * 200 + 300), alignment.GetState().Values.Sum(value => value.numel()));
    }

    private static void AssertSameBits(Tensor expected, Tensor actual, string message)
    {
        CollectionAssert.AreEqual(expected.shape, actual.shape, message);
        Assert.IsTrue(expected.contiguous().bytes.SequenceEqual(actual.contiguous().bytes), message);
    }
}
