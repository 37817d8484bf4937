using Microsoft.ML.GentleClip.Modalities;

namespace Microsoft.ML.GentleClip.Transformers;

/// <summary>Embeds texts that are in no data view by the text side of a model.</summary>
internal static class TextEmbedding
{
    private const int TextsPerPass = 256;

    /// <summary>The model's text side.</summary>
    /// <param name="model">The model.</param>
    /// <param name="textColumn">Its input column; null where only one side is text.</param>
    /// <exception cref="ArgumentException">The model has no such side; or none is named and both are text.</exception>
    public static (TextModality Text, Modality Other) Sides(GentleClipTransformer model, string? textColumn)
    {
        var sides = new[] { (model.ModalityA, model.ModalityB), (model.ModalityB, model.ModalityA) };
        var found = sides.Where(side => side.Item1 is TextModality && (textColumn is null || side.Item1.InputColumnName == textColumn)).ToArray();
        return found.Length == 1
            ? ((TextModality)found[0].Item1, found[0].Item2)
            : throw new ArgumentException(found.Length > 1
                ? $"Both modalities are text; expected the input column of one of them, '{model.ModalityA.InputColumnName}' or "
                    + $"'{model.ModalityB.InputColumnName}'."
                : $"The model has no modality of text{(textColumn is null ? "" : $" of column '{textColumn}'")}; its modalities are "
                    + $"{model.ModalityA.GetType().Name} of column '{model.ModalityA.InputColumnName}' and {model.ModalityB.GetType().Name} of column "
                        + $"'{model.ModalityB.InputColumnName}'.",
                nameof(textColumn));
    }

    /// <summary>Unit embeddings; NaN in every slot for text that is empty or blank.</summary>
    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    public static float[][] Embed(GentleClipTransformer model, TextModality side, IReadOnlyList<string?> texts)
    {
        var column = model.Columns.Single(column => column.Spec.Modality == side && column.IsEmbedding);
        column.ThrowIfDisposed();
        using var store = new TextStore(side.Encoder);
        var result = new float[texts.Count][];
        var plan = model.PlanFor([column]);
        foreach (var rows in Enumerable.Range(0, texts.Count).Chunk(TextsPerPass))
        {
            store.Clear();
            int[] present = [.. rows.Where(row => !TextWords.IsBlank(texts[row]))];
            foreach (var row in present)
                store.Add(texts[row]);
            var values = new float[present.Length * column.Dimension];
            if (present.Length > 0)
                column.Tower.RunTogether(store, plan, (column.Output, values));
            foreach (var row in rows)
                result[row] = Array.IndexOf(present, row) is >= 0 and var at ? values[(at * column.Dimension)..((at + 1) * column.Dimension)]
                    : [.. Enumerable.Repeat(float.NaN, column.Dimension)];
        }
        return result;
    }
}
