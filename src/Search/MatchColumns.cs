using Microsoft.ML.Data;

namespace Microsoft.ML.GentleClip.Search;

/// <summary>The columns of a matching.</summary>
internal sealed class MatchColumns : MatcherColumns
{
    /// <summary>Names of the columns.</summary>
    public const string Index = "MatchIndex", Id = "MatchId", Score = "MatchScore", Confidence = "MatchConfidence",
        NoPartner = "NoPartnerProbability", HasNoPartner = "HasNoPartner";

    private MatchColumns(ModalityMatcher matcher, DataViewSchema.Column embedding, Action<long, long> report) : base(matcher, embedding, report)
    {
        DataViewSchema.DetachedColumn[] outputs =
        [
            new(Index, NumberDataViewType.Int64), new(Score, NumberDataViewType.Single), new(Confidence, NumberDataViewType.Single),
            new(NoPartner, NumberDataViewType.Single), new(HasNoPartner, BooleanDataViewType.Instance),
        ];
        Outputs = matcher.HasIds ? [.. outputs, new(Id, TextDataViewType.Instance)] : outputs;
    }

    /// <inheritdoc/>
    protected override DataViewSchema.DetachedColumn[] Outputs { get; }

    /// <summary>Binds to the embedding column of a schema.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The column is missing or of another type or size than the bank's.</exception>
    public static MatchColumns Bind(ModalityMatcher matcher, DataViewSchema schema, string embeddingColumn, Action<long, long> report) =>
        new(matcher, Find(matcher, schema, embeddingColumn), report);

    /// <inheritdoc/>
    protected override Delegate?[] CreateGetters(Query query)
    {
        ModalityMatch? match = null;
        var compared = 0L;
        return
        [
            (ValueGetter<long>)((ref long value) => value = Match()?.Row ?? -1),
            (ValueGetter<float>)((ref float value) => value = Match()?.Score ?? float.NaN),
            (ValueGetter<float>)((ref float value) => value = Match()?.Confidence ?? float.NaN),
            (ValueGetter<float>)((ref float value) => value = Match()?.NoPartnerProbability ?? float.NaN),
            (ValueGetter<bool>)((ref bool value) => value = Match()?.HasNoPartner ?? false),
            .. Matcher.HasIds
                ? new Delegate[] { (ValueGetter<ReadOnlyMemory<char>>)((ref ReadOnlyMemory<char> value) => value = Match()?.Id.AsMemory() ?? default) }
                : [],
        ];

        ModalityMatch? Match()
        {
            var isPresent = query.Read();
            if (compared != query.Rows)
                match = isPresent ? Matcher.Match(query.Work) : null;
            compared = query.Rows;
            return match;
        }
    }
}
