using Microsoft.ML.Data;

namespace Microsoft.ML.GentleClip.Search;

/// <summary>The columns of a matching.</summary>
internal sealed class MatchColumns : MatcherColumns
{
    /// <summary>Names of the columns.</summary>
    public const string Index = "MatchIndex", Id = "MatchId", Score = "MatchScore", Confidence = "MatchConfidence",
        NoPartner = "NoPartnerProbability", HasNoPartner = "HasNoPartner";

    private MatchColumns(ModalityMatcher matcher, DataViewSchema.Column embedding, Action<long, long> report) : base(matcher, embedding, report) =>
        Outputs = [.. Types(matcher).Select(column => new DataViewSchema.DetachedColumn(column.Name, column.Type))];

    /// <inheritdoc/>
    protected override DataViewSchema.DetachedColumn[] Outputs { get; }

    /// <summary>Names and types of the columns.</summary>
    public static IEnumerable<(string Name, PrimitiveDataViewType Type)> Types(ModalityMatcher matcher)
    {
        (string, PrimitiveDataViewType)[] all =
        [
            (Index, NumberDataViewType.Int64), (Score, NumberDataViewType.Single), (Confidence, NumberDataViewType.Single),
            (NoPartner, NumberDataViewType.Single), (HasNoPartner, BooleanDataViewType.Instance),
        ];
        return matcher.HasIds ? [.. all, (Id, TextDataViewType.Instance)] : all;
    }

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
