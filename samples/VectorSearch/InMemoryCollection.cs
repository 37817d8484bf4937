using System.Collections.Concurrent;
using System.Linq.Expressions;
using System.Numerics.Tensors;
using System.Reflection;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.VectorData;

namespace VectorSearch;

/// <summary>
/// A collection of Microsoft.Extensions.VectorData in memory, small but whole: every record is compared. A query may be a vector, or anything that the
/// container has an <see cref="IEmbeddingGenerator{TInput, TEmbedding}"/> for, so that text and pictures search the same records. Code that uses it works with
/// any other provider.
/// </summary>
/// <remarks>Records have one property with <see cref="VectorStoreKeyAttribute"/> and one <c>ReadOnlyMemory&lt;float&gt;</c> with
/// <see cref="VectorStoreVectorAttribute"/>; they are kept and handed out as they are, so vectors are there whether they are asked for or not.</remarks>
internal sealed class InMemoryCollection<TKey, TRecord> : VectorStoreCollection<TKey, TRecord>
    where TKey : notnull
    where TRecord : class
{
    private static readonly PropertyInfo KeyProperty = Marked<VectorStoreKeyAttribute>(typeof(TKey));
    private static readonly PropertyInfo VectorProperty = Marked<VectorStoreVectorAttribute>(typeof(ReadOnlyMemory<float>));
    private static readonly int Dimensions = VectorProperty.GetCustomAttribute<VectorStoreVectorAttribute>()!.Dimensions;

    private readonly IServiceProvider _services;
    private readonly ConcurrentDictionary<TKey, TRecord> _records = new();
    private readonly VectorStoreCollectionMetadata _metadata;

    public InMemoryCollection(IServiceProvider services, string name)
    {
        (_services, Name) = (services, name);
        _metadata = new() { VectorStoreSystemName = "memory", CollectionName = name };
    }

    public override string Name { get; }

    public override Task<bool> CollectionExistsAsync(CancellationToken cancellationToken = default) => Task.FromResult(true);

    public override Task EnsureCollectionExistsAsync(CancellationToken cancellationToken = default) => Task.CompletedTask;

    public override Task EnsureCollectionDeletedAsync(CancellationToken cancellationToken = default)
    {
        _records.Clear();
        return Task.CompletedTask;
    }

    public override Task UpsertAsync(TRecord record, CancellationToken cancellationToken = default)
    {
        var vector = Vector(record);
        if (vector.Length != Dimensions)
            throw new ArgumentException($"Record '{Key(record)}': expected {Dimensions} dimensions in {VectorProperty.Name}, found {vector.Length}.",
                nameof(record));
        _records[Key(record)] = record;
        return Task.CompletedTask;
    }

    public override async Task UpsertAsync(IEnumerable<TRecord> records, CancellationToken cancellationToken = default)
    {
        foreach (var record in records)
            await UpsertAsync(record, cancellationToken);
    }

    public override Task<TRecord?> GetAsync(TKey key, RecordRetrievalOptions? options = null, CancellationToken cancellationToken = default) =>
        Task.FromResult(_records.GetValueOrDefault(key));

    public override async IAsyncEnumerable<TRecord> GetAsync(
        Expression<Func<TRecord, bool>> filter, int top, FilteredRecordRetrievalOptions<TRecord>? options = null,
            [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(top, 1);
        IEnumerable<TRecord> found = _records.OrderBy(entry => entry.Key).Select(entry => entry.Value).Where(filter.Compile());
        // The last key first: sorting is stable.
        foreach (var by in (options?.OrderBy?.Invoke(new()).Values ?? []).Reverse())
            found = by.Ascending ? found.OrderBy(by.PropertySelector.Compile()) : found.OrderByDescending(by.PropertySelector.Compile());
        foreach (var record in found.Skip(options?.Skip ?? 0).Take(top))
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return record;
        }
        await Task.CompletedTask;
    }

    public override Task DeleteAsync(TKey key, CancellationToken cancellationToken = default)
    {
        _records.TryRemove(key, out _);
        return Task.CompletedTask;
    }

    public override async IAsyncEnumerable<VectorSearchResult<TRecord>> SearchAsync<TInput>(
        TInput searchValue, int top, VectorSearchOptions<TRecord>? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(top, 1);
        var query = await EmbedAsync(searchValue, cancellationToken);
        if (query.Length != Dimensions)
            throw new ArgumentException($"The query has {query.Length} dimensions; expected {Dimensions}.", nameof(searchValue));
        var filter = options?.Filter?.Compile();
        var results = _records.Where(entry => filter is null || filter(entry.Value))
            .Select(
                entry =>
                    (entry.Key, Result: new VectorSearchResult<TRecord>(entry.Value, TensorPrimitives.CosineSimilarity(query.Span, Vector(entry.Value).Span))))
            .Where(found => options?.ScoreThreshold is not { } least || found.Result.Score >= least)
            .OrderByDescending(found => found.Result.Score).ThenBy(found => found.Key)
            .Skip(options?.Skip ?? 0).Take(top);
        foreach (var (_, result) in results)
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return result;
        }
    }

    public override object? GetService(Type serviceType, object? serviceKey = null) =>
        serviceKey is not null ? null : serviceType == typeof(VectorStoreCollectionMetadata) ? _metadata : serviceType.IsInstanceOfType(this) ? this : null;

    private async Task<ReadOnlyMemory<float>> EmbedAsync<TInput>(TInput value, CancellationToken cancellationToken)
        where TInput : notnull
    {
        switch (value)
        {
            case ReadOnlyMemory<float> memory:
                return memory;
            case float[] array:
                return array;
            case Embedding<float> embedding:
                return embedding.Vector;
        }
        var generator = _services.GetService<IEmbeddingGenerator<TInput, Embedding<float>>>()
            ?? throw new NotSupportedException(
                $"A {typeof(TInput).Name} cannot be searched for: the container has no IEmbeddingGenerator<{typeof(TInput).Name}, Embedding<float>>.");
        return (await generator.GenerateAsync([value], cancellationToken: cancellationToken))[0].Vector;
    }

    private static TKey Key(TRecord record) => (TKey)KeyProperty.GetValue(record)!;

    private static ReadOnlyMemory<float> Vector(TRecord record) => (ReadOnlyMemory<float>)VectorProperty.GetValue(record)!;

    private static PropertyInfo Marked<TAttribute>(Type type) where TAttribute : Attribute
    {
        var marked = typeof(TRecord).GetProperties().Where(property => property.IsDefined(typeof(TAttribute))).ToArray();
        return marked.Length == 1 && marked[0].PropertyType == type
            ? marked[0]
            : throw new InvalidOperationException(
                $"{typeof(TRecord).Name}: expected one property of type {type.Name} with {typeof(TAttribute).Name}, found {marked.Length}.");
    }
}
