using System.Buffers;
using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.ExceptionServices;

namespace Microsoft.ML.GentleClip.Modalities;

/// <summary>
/// Reads a column of images ahead on several threads. ML.NET reads rows with images on one thread, and decoding a file takes longer than all else. Each thread walks
/// a cursor of its own and fetches the pictures of every n-th row alone: values that nobody fetches cost a row nothing.
/// </summary>
/// <remarks>The view must give the same rows in the same order at every reading, as ML.NET asks of data views.</remarks>
internal sealed class PictureReadAhead : PictureReader, IDisposable
{
    // Squares that wait for each thread: enough that a slow file holds nobody up for long.
    private const int QueueLength = 16;

    private readonly BlockingCollection<Picture>[] _queues;
    private readonly Task[] _threads;
    private readonly CancellationTokenSource _stop = new();
    private readonly string _column;
    private long _row;
    private string _problem = "";

    /// <summary>Starts the threads.</summary>
    /// <param name="binding">Of the column.</param>
    /// <param name="options">How pictures are prepared.</param>
    /// <param name="data">The rows.</param>
    /// <param name="threads">How many to start, 1 or more.</param>
    public PictureReadAhead(ImageBinding binding, ImageOptions options, IDataView data, int threads) : base(options)
    {
        _column = binding.Column.Name;
        _queues = [.. Enumerable.Range(0, threads).Select(_ => new BlockingCollection<Picture>(QueueLength))];
        var cursors = new List<DataViewRowCursor>();
        try
        {
            for (var i = 0; i < threads; i++)
                cursors.Add(data.GetRowCursor(binding.Columns));
        }
        catch
        {
            cursors.ForEach(cursor => cursor.Dispose());
            throw;
        }
        _threads = [.. cursors.Select((cursor, i) => Task.Factory.StartNew(() => Run(binding, cursor, i), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default))];
    }

    /// <inheritdoc/>
    public override string Problem => _problem;

    /// <summary>The next row's picture; called once a row.</summary>
    /// <exception cref="InvalidOperationException">The picture cannot be loaded, or the view gives fewer rows at a second reading.</exception>
    public override Presence Read()
    {
        var row = _row++;
        if (!_queues[row % _queues.Length].TryTake(out var picture, Timeout.Infinite))
            throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture, $"Row {row}, column '{_column}': the data view gave this row at one reading and not at another; expected the same rows at every reading."));
        picture.Error?.Throw();
        _problem = picture.Problem;
        if (picture.Square is { } square)
        {
            square.AsSpan(0, Target.Length).CopyTo(Target);
            ArrayPool<byte>.Shared.Return(square);
        }
        return picture.Presence;
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

    private void Run(ImageBinding binding, DataViewRowCursor cursor, int offset)
    {
        var queue = _queues[offset];
        try
        {
            using var own = cursor;
            var reader = (PictureReader)binding.Open(cursor);
            for (long row = 0; !_stop.IsCancellationRequested && cursor.MoveNext(); row++)
            {
                if (row % _queues.Length == offset)
                    queue.Add(Fetch(reader), _stop.Token);
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // Nobody waits any more.
        }
        catch (Exception exception)
        {
            // Whoever reads the row gets it.
            try
            {
                queue.Add(new Picture(Presence.Invalid, null, "", ExceptionDispatchInfo.Capture(exception)), _stop.Token);
            }
            catch (OperationCanceledException)
            {
            }
        }
        finally
        {
            queue.CompleteAdding();
        }
    }

    private static Picture Fetch(PictureReader reader)
    {
        var presence = reader.Read();
        if (presence != Presence.Present)
            return new Picture(presence, null, presence == Presence.Invalid ? reader.Problem : "", null);
        var square = ArrayPool<byte>.Shared.Rent(reader.Square.Length);
        reader.Square.CopyTo(square);
        return new Picture(presence, square, "", null);
    }

    private readonly record struct Picture(Presence Presence, byte[]? Square, string Problem, ExceptionDispatchInfo? Error);
}
