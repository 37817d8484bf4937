using System.Reflection;
using Microsoft.ML.Data;

namespace Microsoft.ML.GentleClip.Data;

/// <summary>
/// What stands for "missing" in a column: NaN for Single and Double, empty text, key 0, null for reference types (images),
/// all of these in every slot for a vector of known size, and no slots at all for one of variable size.
/// </summary>
internal static class MissingValue
{
    /// <summary>
    /// A <see cref="ValueGetter{TValue}"/> that gives the missing value of <paramref name="type"/>, or null if the type has none. Holds no state.
    /// </summary>
    public static Delegate? GetterFor(DataViewType type) => type switch
    {
        VectorDataViewType { IsKnownSize: false } vector => Build(nameof(Sparse), vector.ItemType, 0),
        VectorDataViewType vector => ForItems(vector.ItemType, vector.Size),
        NumberDataViewType when type.RawType == typeof(float) => (ValueGetter<float>)((ref float value) => value = float.NaN),
        NumberDataViewType when type.RawType == typeof(double) => (ValueGetter<double>)((ref double value) => value = double.NaN),
        KeyDataViewType or TextDataViewType => Build(nameof(Default), type),
        _ => type.RawType.IsValueType ? null : Build(nameof(Default), type),
    };

    private static Delegate? ForItems(PrimitiveDataViewType item, int size) => item switch
    {
        NumberDataViewType when item.RawType == typeof(float) => Filled(size, float.NaN),
        NumberDataViewType when item.RawType == typeof(double) => Filled(size, double.NaN),
        KeyDataViewType or TextDataViewType => Build(nameof(Sparse), item, size),
        _ => item.RawType.IsValueType ? null : Build(nameof(Sparse), item, size),
    };

    private static ValueGetter<T?> Default<T>() => (ref T? value) => value = default;

    private static ValueGetter<VBuffer<T>> Sparse<T>(int size) =>
        (ref VBuffer<T> value) => value = VBufferEditor.Create(ref value, size, valuesCount: 0).Commit();

    private static ValueGetter<VBuffer<T>> Filled<T>(int size, T item) => (ref VBuffer<T> value) =>
    {
        var editor = VBufferEditor.Create(ref value, size);
        editor.Values.Fill(item);
        value = editor.Commit();
    };

    private static Delegate Build(string method, DataViewType type, params object[] arguments) =>
        (Delegate)typeof(MissingValue).GetMethod(method, BindingFlags.NonPublic | BindingFlags.Static)!.MakeGenericMethod(type.RawType)
            .Invoke(null, BindingFlags.DoNotWrapExceptions, null, arguments, null)!;
}
