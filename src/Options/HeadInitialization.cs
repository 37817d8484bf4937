namespace Microsoft.ML.GentleClip;

/// <summary>What the linear head of a fine-tuning is before the first step.</summary>
public enum HeadInitialization
{
    /// <summary>
    /// The solution on the features that the encoders give before the first step, over all training rows: multinomial logistic regression for classes, a
    /// logistic regression for each label, ridge regression for numbers, each with <see cref="FineTuningOptions.HeadL2Regularization"/>. Linear probing,
    /// then fine-tuning: Kumar et al., "Fine-Tuning can Distort Pretrained Features and Underperform Out-of-Distribution", ICLR 2022, arXiv:2202.10054. Where
    /// all encoders are frozen, that is the result, and no steps are taken.
    /// </summary>
    LinearProbe,

    /// <summary>Weights 0, and the shares of the classes as the bias: what is known before any row is seen. All is learnt by the steps.</summary>
    Prior,
}
