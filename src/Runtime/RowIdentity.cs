using System.Globalization;
using Microsoft.ML.Data;

namespace Microsoft.ML.GentleClip.Runtime;

/// <summary>
/// Which row of a cursor something was computed for. The position alone does not say it: threads that share a cursor count rows of their own, and a row
/// that its owner refills may keep its position. The id is the row's own.
/// </summary>
/// <param name="row">A cursor or a single row; for one thread.</param>
internal sealed class RowIdentity(DataViewRow row)
{
    private readonly ValueGetter<DataViewRowId> _getId = row.GetIdGetter();
    private DataViewRowId _id;
    private long _position = -1;

    /// <summary>Whether the row is still the one of <see cref="Keep"/>.</summary>
    public bool IsKept => _position >= 0 && row.Position == _position && Id().Equals(_id);

    /// <summary>Remembers the row: what belongs to it was computed.</summary>
    public void Keep() => (_position, _id) = (row.Position, Id());

    /// <summary>Forgets it: what belongs to it is about to be overwritten.</summary>
    public void Forget() => _position = -1;

    /// <summary>What to call the row in an error where a cursor may be shared by threads: the number that its source gave it, else its id.</summary>
    public string Describe()
    {
        var id = Id();
        return id.High == 0 ? id.Low.ToString(CultureInfo.InvariantCulture) : $"of id {id}";
    }

    private DataViewRowId Id()
    {
        DataViewRowId id = default;
        _getId(ref id);
        return id;
    }
}
