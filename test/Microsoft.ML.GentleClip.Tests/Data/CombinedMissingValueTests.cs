using Microsoft.ML.Data;
using static Microsoft.ML.GentleClip.Tests.Data.CombinerFixture;

namespace Microsoft.ML.GentleClip.Tests.Data;

/// <summary>What a combined view holds where an input lacks a column.</summary>
[TestClass]
public sealed class CombinedMissingValueTests
{
    private static readonly IDataView Full = WithKeys(View(new Everything()));
    private static readonly IDataView Lacking = View(new { Other = 1f });

    [TestMethod]
    public void Scalars()
    {
        var combined = Combine(Full, Lacking);

        Assert.AreSequenceEqual([1.5f, float.NaN], Read<float>(combined, "Single"));
        Assert.AreSequenceEqual([2.5, double.NaN], Read<double>(combined, "Double"));
        Assert.AreSequenceEqual(["text", ""], ReadText(combined, "Text"));
        Assert.AreSequenceEqual([1u, 0u], Read<uint>(combined, "Key"));
        Assert.AreSequenceEqual([float.NaN, 1f], Read<float>(combined, "Other"));
    }

    [TestMethod]
    public void Vectors_of_known_size_are_missing_in_every_slot()
    {
        var combined = Combine(Full, Lacking);

        Assert.AreSequenceEqual([float.NaN, float.NaN], ReadVectors<float>(combined, "Singles")[1]);
        Assert.AreSequenceEqual([double.NaN, double.NaN, double.NaN], ReadVectors<double>(combined, "Doubles")[1]);
        Assert.AreSequenceEqual([0u, 0u], ReadVectors<uint>(combined, "Keys")[1]);
        Assert.AreSequenceEqual(["", ""], ReadVectors<ReadOnlyMemory<char>>(combined, "Texts")[1].Select(text => text.ToString()).ToArray());
        Assert.AreSequenceEqual([1u, 2u], ReadVectors<uint>(combined, "Keys")[0]);
    }

    [TestMethod]
    public void Vectors_of_variable_size_are_empty_whatever_they_hold()
    {
        var combined = Combine(Full, Lacking);

        Assert.AreSequenceEqual([2, 0], Lengths<float>("VariableSingles"));
        Assert.AreSequenceEqual([3, 0], Lengths<bool>("VariableBooleans"));
        Assert.AreSequenceEqual([1, 0], Lengths<ReadOnlyMemory<char>>("VariableTexts"));
        Assert.AreSequenceEqual([2, 0], Lengths<uint>("VariableKeys"));

        int[] Lengths<T>(string column) => [.. ReadBuffers<T>(combined, column).Select(buffer => buffer.Length)];
    }

    [TestMethod]
    public void Reference_types_such_as_images_are_null()
    {
        var combined = Combine(View(new WithPicture()), Lacking);

        var pictures = Read<Picture>(combined, "Picture");
        Assert.AreEqual("scan", pictures[0].Name);
        Assert.IsNull(pictures[1]);
        Assert.IsInstanceOfType<PictureType>(combined.Schema["Picture"].Type);
    }

    [TestMethod]
    public void A_missing_vector_overwrites_a_dense_and_a_sparse_buffer_alike()
    {
        var view = Combine(Full, Lacking);
        VBuffer<float>[] leftovers = [default, new(2, [7, 7]), new(5, 1, [7], [3]), new(9, 0, null!, null)];
        foreach (var leftover in leftovers)
        {
            using var cursor = view.GetRowCursor(view.Schema);
            var get = cursor.GetGetter<VBuffer<float>>(view.Schema["Singles"]);
            Assert.IsTrue(cursor.MoveNext() && cursor.MoveNext());
            var buffer = leftover;
            get(ref buffer);
            Assert.AreSequenceEqual([float.NaN, float.NaN], buffer.GetValues().ToArray());
        }
    }

    [TestMethod]
    public void A_null_array_of_an_input_stays_as_ML_NET_gives_it()
    {
        var combined = Combine(View(new PairRow { A = null!, B = [1, 2, 3] }), View(new ARow { A = [1, 2] }));
        Assert.AreEqual(0, ReadBuffers<float>(combined, "A")[0].Length);
        Assert.AreSequenceEqual([1f, 2f], ReadVectors<float>(combined, "A")[1]);
    }

    [TestMethod]
    [DataRow("Boolean")]
    [DataRow("Byte")]
    [DataRow("SByte")]
    [DataRow("Int16")]
    [DataRow("UInt16")]
    [DataRow("Int32")]
    [DataRow("UInt32")]
    [DataRow("Int64")]
    [DataRow("UInt64")]
    [DataRow("DateTime")]
    [DataRow("DateTimeOffset")]
    [DataRow("TimeSpan")]
    [DataRow("RowId", "DataViewRowId")]
    [DataRow("Booleans", "Vector<Boolean, 2>")]
    [DataRow("Integers", "Vector<Int32, 2>")]
    public void A_type_without_a_missing_value_is_an_error_that_says_what_to_do(string column, string? type = null)
    {
        var view = Context.Transforms.SelectColumns(column).Fit(View(new NoMissing())).Transform(View(new NoMissing()));

        var error = Assert.ThrowsExactly<ArgumentException>(() => Combine(view, Lacking, view));
        Assert.Contains($"Column '{column}' of type {type ?? column} is in paired but not in unpairedA", error.Message);
        Assert.Contains("Convert it", error.Message);
        Assert.AreEqual("unpairedA", error.ParamName);
        Assert.Contains("is in unpairedB but not in paired", Assert.ThrowsExactly<ArgumentException>(() => Combine(Lacking, null, view)).Message);

        Assert.AreEqual(2, Combine(view, null, view).GetRowCount(), "Where all inputs have the column there is nothing to stand in for.");
    }

    private static IDataView WithKeys(IDataView view) => Context.Transforms.Conversion.MapValueToKey(
        [new("Key", "Text"), new("Keys", "Texts"), new("VariableKeys", "Tokens")]).Fit(view).Transform(view);

    private sealed class Everything
    {
        public float Single { get; set; } = 1.5f;
        public double Double { get; set; } = 2.5;
        public string Text { get; set; } = "text";

        [VectorType(2)]
        public float[] Singles { get; set; } = [1, 2];

        [VectorType(3)]
        public double[] Doubles { get; set; } = [1, 2, 3];

        [VectorType(2)]
        public string[] Texts { get; set; } = ["x", "y"];

        public float[] VariableSingles { get; set; } = [1, 2];
        public bool[] VariableBooleans { get; set; } = [true, false, true];
        public string[] VariableTexts { get; set; } = ["z"];
        public string[] Tokens { get; set; } = ["x", "y"];
    }

    private sealed class NoMissing
    {
        public bool Boolean { get; set; } = true;
        public byte Byte { get; set; }
        public sbyte SByte { get; set; }
        public short Int16 { get; set; }
        public ushort UInt16 { get; set; }
        public int Int32 { get; set; }
        public uint UInt32 { get; set; }
        public long Int64 { get; set; }
        public ulong UInt64 { get; set; }
        public DateTime DateTime { get; set; }
        public DateTimeOffset DateTimeOffset { get; set; }
        public TimeSpan TimeSpan { get; set; }
        public DataViewRowId RowId { get; set; }

        [VectorType(2)]
        public bool[] Booleans { get; set; } = [true, false];

        [VectorType(2)]
        public int[] Integers { get; set; } = [1, 2];
    }

    private sealed class WithPicture
    {
        [PictureType]
        public Picture Picture { get; set; } = new("scan");
    }

    /// <summary>A column type of a class, as ML.NET's images are.</summary>
    private sealed record Picture(string Name);

    private sealed class PictureType : StructuredDataViewType
    {
        public PictureType() : base(typeof(Picture))
        {
        }

        public override bool Equals(DataViewType? other) => other is PictureType;
    }

    [AttributeUsage(AttributeTargets.Property)]
    private sealed class PictureTypeAttribute : DataViewTypeAttribute
    {
        public override void Register() => DataViewTypeManager.Register(new PictureType(), typeof(Picture), this);

        public override bool Equals(DataViewTypeAttribute? other) => other is PictureTypeAttribute;

        public override int GetHashCode() => 1;
    }
}
