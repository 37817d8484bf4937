using Microsoft.ML.Data;

namespace Microsoft.ML.GentleClip.Tests.Transformers;

/// <summary>Rows with a column of every kind beside the two modalities.</summary>
internal static class ManyTypes
{
    internal sealed class Row
    {
        [VectorType(TwoViews.DimensionA)]
        public float[]? A { get; set; }

        [VectorType(TwoViews.DimensionB)]
        public float[]? B { get; set; }

        public bool Boolean { get; set; }
        public sbyte SByte { get; set; }
        public byte Byte { get; set; }
        public short Int16 { get; set; }
        public ushort UInt16 { get; set; }
        public int Int32 { get; set; }
        public uint UInt32 { get; set; }
        public long Int64 { get; set; }
        public ulong UInt64 { get; set; }
        public float Single { get; set; }
        public double Double { get; set; }
        public string? Text { get; set; }
        public DateTime DateTime { get; set; }
        public DateTimeOffset DateTimeOffset { get; set; }
        public TimeSpan TimeSpan { get; set; }
        public DataViewRowId RowId { get; set; }

        [KeyType(5)]
        public uint Key { get; set; }

        [VectorType(4)]
        public double[] Dense { get; set; } = [];

        [VectorType(50)]
        public VBuffer<float> Sparse { get; set; }

        [VectorType]
        public int[]? Variable { get; set; }

        [VectorType(2)]
        public string[] Texts { get; set; } = [];

        [VectorType]
        public string[]? VariableTexts { get; set; }

        [KeyType(5), VectorType(3)]
        public uint[] Keys { get; set; } = [];

        [VectorType(2)]
        public bool[] Booleans { get; set; } = [];
    }

    /// <summary>Rows whose vectors change between dense and sparse and in length, with missing values among them.</summary>
    public static IDataView View(int count) => Scoring.Context.Data.LoadFromEnumerable(Scoring.Gaps(count).Select((row, i) => new Row
    {
        A = row.A,
        B = row.B,
        Boolean = i % 2 == 0,
        SByte = (sbyte)(i - 100),
        Byte = (byte)i,
        Int16 = (short)-i,
        UInt16 = (ushort)i,
        Int32 = -i * 1000,
        UInt32 = (uint)i,
        Int64 = -i * 1_000_000_000_000,
        UInt64 = ulong.MaxValue - (ulong)i,
        Single = i % 7 == 0 ? float.NaN : i / 3f,
        Double = i % 11 == 0 ? double.NegativeInfinity : i / 3.0,
        Text = i % 4 == 0 ? null : $"text {i}",
        DateTime = new DateTime(2020, 1, 1, 0, 0, 0, DateTimeKind.Unspecified).AddHours(i),
        DateTimeOffset = new DateTimeOffset(2021, 1, 1, 0, 0, 0, TimeSpan.FromHours(i % 5)).AddMinutes(i),
        TimeSpan = TimeSpan.FromSeconds(i),
        RowId = new DataViewRowId((ulong)i, 42),
        Key = (uint)(i % 6), // 0 is a missing key
        Dense = [i, i + 0.5, -i, double.NaN],
        Sparse = i % 3 == 0 ? new VBuffer<float>(50, [.. Enumerable.Range(i, 50).Select(k => (float)k)])
            : new VBuffer<float>(50, 2, [i, -i], [i % 20, 20 + i % 20]),
        Variable = i % 5 == 0 ? null : [.. Enumerable.Range(0, i % 9)],
        Texts = [$"a{i}", ""],
        VariableTexts = [.. Enumerable.Range(0, i % 4).Select(k => $"{i}.{k}")],
        Keys = [(uint)(i % 6), 0, 5],
        Booleans = [i % 3 == 0, true],
    }));
}
