using Microsoft.ML.Data;

namespace Microsoft.ML.GentleClip.Search;

/// <summary>The column of a translation.</summary>
internal sealed class TranslationColumns : MatcherColumns
{
    private TranslationColumns(ModalityMatcher matcher, DataViewSchema.Column embedding, string outputColumn, Action<long, long> report)
        : base(matcher, embedding, report) =>
        Outputs = [new(outputColumn, new VectorDataViewType(NumberDataViewType.Single, matcher.InputDimension))];

    /// <inheritdoc/>
    protected override DataViewSchema.DetachedColumn[] Outputs { get; }

    /// <summary>Binds to the embedding column of a schema.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The column is missing or of another type or size than the bank's.</exception>
    public static TranslationColumns Bind(ModalityMatcher matcher, DataViewSchema schema, string embeddingColumn, string outputColumn,
        Action<long, long> report) =>
        new(matcher, Find(matcher, schema, embeddingColumn), outputColumn, report);

    /// <inheritdoc/>
    protected override Delegate?[] CreateGetters(Query query) =>
    [
        (ValueGetter<VBuffer<float>>)((ref VBuffer<float> value) =>
        {
            var editor = VBufferEditor.Create(ref value, Matcher.InputDimension);
            if (query.Read())
                Matcher.Translate(query.Work, editor.Values);
            else
                editor.Values.Fill(float.NaN);
            value = editor.Commit();
        }),
    ];
}
