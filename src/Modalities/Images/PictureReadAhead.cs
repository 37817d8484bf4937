using System.Buffers;
using System.Collections.Concurrent;

namespace Microsoft.ML.GentleClip.Modalities;

/// <summary>
/// Reads a column of images ahead on several threads. ML.NET reads rows with images on one thread, and decoding a file takes longer than all else. Each thread
/// walks a cursor of its own and fetches the pictures of every n-th row that is read alone: values that nobody fetches cost a row nothing.
/// </summary>
/// <remarks>
/// ML.NET asks of data views that they give the same rows in the same order at every reading; not all do (an enumerable that shuffles, a query without an
/// order). So a picture counts only where the columns that name it say the same at both readings. From the first row on where they do not, or where a thread
/// failed, pictures are read only from the caller's cursor.
/// </remarks>
internal sealed class PictureReadAhead : PictureReader, IDisposable
{
    // Squares that wait for each thread: enough that a slow file holds nobody up for long.
    private const int QueueLength = 16;

    private readonly BlockingCollection<Picture>[] _queues;
    private readonly Task[] _threads;
    private readonly CancellationTokenSource _stop = new();
    private readonly PictureReader _alone;
    private readonly Func<string> _names;
    private readonly Func<long, bool> _isRead;
    private long _row;
    private string _problem = "";

    /// <summary>Starts the threads.</summary>
    /// <param name="columns">The column of pictures, and those that may name them.</param>
    /// <param name="options">How pictures are prepared.</param>
    /// <param name="cursor">The caller's, at its start.</param>
    /// <param name="data">The view that it belongs to.</param>
    /// <param name="threads">How many to start, 1 or more.</param>
    /// <param name="isRead">Whether a row is read, by its number; null for all.</param>
    public PictureReadAhead(
        IPictureColumns columns, ImageOptions options, DataViewRowCursor cursor, IDataView data, int threads, Func<long, bool>? isRead = null) : base(options)
    {
        _isRead = isRead ?? (_ => true);
        _alone = columns.OpenPictures(cursor);
        _names = columns.OpenNames(cursor);
        _queues = [.. Enumerable.Range(0, threads).Select(_ => new BlockingCollection<Picture>(QueueLength))];
        var cursors = new List<DataViewRowCursor>();
        try
        {
            for (var i = 0; i < threads; i++)
                cursors.Add(data.GetRowCursor(columns.Columns));
        }
        catch
        {
            cursors.ForEach(own => own.Dispose());
            throw;
        }
        _threads = [.. cursors.Select((own, i) => Task.Factory.StartNew(
            () => Run(columns, own, i), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default))];
    }

    /// <inheritdoc/>
    public override string Problem => _problem;

    /// <summary>The picture of the cursor's row; called once for each row that is read.</summary>
    /// <exception cref="InvalidOperationException">The picture cannot be loaded.</exception>
    public override Presence Read()
    {
        var queue = _queues[_row++ % _queues.Length];
        if (!_stop.IsCancellationRequested && queue.TryTake(out var picture, Timeout.Infinite) && picture.Names == _names())
        {
            _problem = picture.Problem;
            if (picture.Square is { } square)
            {
                square.AsSpan(0, Target.Length).CopyTo(Target);
                ArrayPool<byte>.Shared.Return(square);
            }
            return picture.Presence;
        }
        _stop.Cancel();
        var presence = _alone.Read();
        _problem = presence == Presence.Invalid ? _alone.Problem : "";
        if (presence == Presence.Present)
            _alone.Square.CopyTo(Target);
        return presence;
    }

    /// <summary>Stops the threads and waits until they have.</summary>
    public void Dispose()
    {
        _stop.Cancel();
        Task.WaitAll(_threads);
        foreach (var queue in _queues)
            queue.Dispose();
        _stop.Dispose();
    }

    private void Run(IPictureColumns columns, DataViewRowCursor cursor, int offset)
    {
        var queue = _queues[offset];
        try
        {
            using var own = cursor;
            var (reader, names) = (columns.OpenPictures(cursor), columns.OpenNames(cursor));
            for (long row = 0, number = 0; !_stop.IsCancellationRequested && cursor.MoveNext(); row++)
            {
                if (_isRead(row) && number++ % _queues.Length == offset)
                    queue.Add(Fetch(reader, names), _stop.Token);
            }
        }
        catch (Exception)
        {
            // Whoever reads the row alone meets it again, if it was not this second reading that failed.
        }
        finally
        {
            queue.CompleteAdding();
        }
    }

    private static Picture Fetch(PictureReader reader, Func<string> names)
    {
        var presence = reader.Read();
        if (presence != Presence.Present)
            return new Picture(presence, null, presence == Presence.Invalid ? reader.Problem : "", names());
        var square = ArrayPool<byte>.Shared.Rent(reader.Square.Length);
        reader.Square.CopyTo(square);
        return new Picture(presence, square, "", names());
    }

    private readonly record struct Picture(Presence Presence, byte[]? Square, string Problem, string Names);
}
