using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Microsoft.ML.GentleClip.Modalities;

/// <summary>Examples of one modality, addressed by the order in which they were added.</summary>
internal abstract class ExampleStore : IDisposable
{
    private readonly List<long> _rows = [];

    /// <summary>Number of examples.</summary>
    public int Count { get; protected set; }

    /// <summary>Whether batches hold what a frozen encoder made of the examples.</summary>
    public virtual bool HasFeatures => false;

    /// <summary>Adds the sample that a reader of the same binding holds.</summary>
    public abstract void Add(ExampleReader reader);

    /// <summary>What an example costs to encode, in units that are alike within a store: residues, or 1 where all are of one size.</summary>
    public virtual int LengthOf(int position) => 1;

    /// <summary>What every example costs, where that is the same and much; null where it differs, or is little.</summary>
    public virtual int? EqualLength => null;

    /// <summary>Most examples of a batch that may have few or many, so that it stays small; no limit where <see cref="LengthOf"/> bounds it.</summary>
    public virtual int MostRowsPerBatch => int.MaxValue;

    /// <summary>Numbers that a batch of so many examples has where it is a mere copy of them; as many as there can be where it has to be prepared.</summary>
    public virtual long NumbersOf(int rows) => long.MaxValue;

    /// <summary>
    /// A modality with what its settings leave to the training rows, such as a vocabulary, taken from the model that is trained on, if any, or from these
    /// examples.
    /// </summary>
    /// <param name="modality">Settings of the training.</param>
    /// <param name="initial">The same side of the model that is trained on, or null.</param>
    /// <param name="shards">Where each of all samples is; null where they are these.</param>
    /// <exception cref="ArgumentException">The initial model is not what the settings say.</exception>
    /// <exception cref="InvalidDataException">A file that the settings name cannot be used.</exception>
    public virtual Modality Complete(Modality modality, Modality? initial, SampleShards? shards = null) => modality;

    /// <summary>Forgets the examples and keeps the memory.</summary>
    public virtual void Clear()
    {
        Count = 0;
        _rows.Clear();
    }

    /// <summary>Appends the examples' content to a hash, each with its length, so that equal hashes mean equal examples in equal order.</summary>
    public void AppendTo(IncrementalHash hash)
    {
        for (var position = 0; position < Count; position++)
            AppendTo(hash, position);
    }

    /// <summary>Appends one example's content to a hash, with its length.</summary>
    public abstract void AppendTo(IncrementalHash hash, int position);

    /// <summary>
    /// A batch of the examples at the given positions, on the CPU, on any thread while no example is added. Whatever has tensors only fills their memory,
    /// which the caller's dispose scope owns.
    /// </summary>
    public ModalityBatch Gather(ReadOnlySpan<int> positions) => GatherExamples(positions);

    /// <summary>What messages call a row of the source, such as that of a validation set.</summary>
    public virtual string RowName { get; private protected set; } = "Row";

    /// <summary>Notes which row of the source the example that was added last came from.</summary>
    /// <param name="row">Its number.</param>
    /// <param name="rowName">What messages call it.</param>
    public void NameLast(long row, string rowName = "Row")
    {
        RowName = rowName;
        while (_rows.Count < Count - 1)
            _rows.Add(_rows.Count);
        _rows.Add(row);
    }

    /// <summary>Number of an example's row in its source, for messages; the example's own where nobody noted it.</summary>
    public virtual long RowOf(int position) => position < _rows.Count ? _rows[position] : position;

    /// <summary>A store of its own with copies of some examples, in the given order.</summary>
    public abstract ExampleStore Part(ReadOnlySpan<int> positions);

    /// <summary>Frees the memory.</summary>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>A batch of the examples, or of their features.</summary>
    protected abstract ModalityBatch GatherExamples(ReadOnlySpan<int> positions);

    /// <summary>Frees the memory.</summary>
    protected abstract void Dispose(bool disposing);

    /// <summary>Appends one example.</summary>
    protected static void Append(IncrementalHash hash, ReadOnlySpan<byte> example)
    {
        Span<byte> length = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(length, example.Length);
        hash.AppendData(length);
        hash.AppendData(example);
    }

    /// <summary>Refuses a position that no example has.</summary>
    protected int Checked(int position) =>
        (uint)position < (uint)Count ? position : throw new ArgumentOutOfRangeException(nameof(position), position, $"There are {Count} examples.");
}
