using System.Text.Json.Serialization;

namespace Microsoft.ML.GentleClip;

/// <summary>Form of the self-supervised contrastive loss (equation 7): what stands in the denominator.</summary>
public enum SelfSupervisedForm
{
    /// <summary>All second views, the positive included (SimCSE).</summary>
    SimCse,

    /// <summary>All first views, the sample itself included and the positive not: as the paper prints it.</summary>
    [JsonStringEnumMemberName("Printed")] // the name in checkpoints
    FirstViews,

    /// <summary>The positive and the other first views.</summary>
    Both,

    /// <summary>All other views of both kinds, both views as anchors (NT-Xent of SimCLR).</summary>
    NtXent,
}
