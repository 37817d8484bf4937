using Microsoft.ML.GentleClip.Objectives;

namespace Microsoft.ML.GentleClip.Trainers;

/// <summary>Averages the loss terms of an epoch's steps.</summary>
internal sealed class EpochRecorder
{
    private readonly Dictionary<string, (double Sum, int Steps)> _terms = [];

    /// <summary>Adds a step's terms and returns their weighted total.</summary>
    /// <exception cref="ArithmeticException">A term is NaN or infinite; the message names it and the step.</exception>
    public double Add(LossTerms losses, int step)
    {
        var total = losses.Total.item<float>();
        foreach (var term in losses.Terms)
        {
            var value = term.Value.item<float>();
            if (!float.IsFinite(value))
                throw new ArithmeticException($"Training stopped at step {step}: the loss term '{term.Name}' is {value}. "
                    + "Lower the learning rate, or look for extreme values in the input columns.");
            Sum(term.Name, value);
        }
        if (!float.IsFinite(total))
            throw new ArithmeticException($"Training stopped at step {step}: the weighted total of the loss terms is {total}. Lower the terms' weights.");
        Sum(LossTerm.Total, total);
        return total;
    }

    /// <summary>Adds a step's total where it has no terms.</summary>
    /// <exception cref="ArithmeticException">It is NaN or infinite; the message names the step.</exception>
    public void Add(double total, int step)
    {
        if (!double.IsFinite(total))
            throw new ArithmeticException(
                $"Training stopped at step {step}: the loss is {total}. Lower the learning rates, or look for extreme values in the input columns.");
        Sum(LossTerm.Total, total);
    }

    /// <summary>The running sums, for a checkpoint.</summary>
    public IReadOnlyList<TermSum> State
    {
        get => [.. _terms.Select(term => new TermSum(term.Key, term.Value.Sum, term.Value.Steps))];
        set
        {
            _terms.Clear();
            foreach (var term in value)
                _terms[term.Name] = (term.Sum, term.Steps);
        }
    }

    /// <summary>The means so far, each over the steps that had the term; the recorder starts over.</summary>
    public IReadOnlyDictionary<string, double> Finish()
    {
        var means = _terms.ToDictionary(term => term.Key, term => term.Value.Sum / term.Value.Steps);
        _terms.Clear();
        return means;
    }

    private void Sum(string name, double value)
    {
        var (sum, steps) = _terms.GetValueOrDefault(name);
        _terms[name] = (sum + value, steps + 1);
    }
}
