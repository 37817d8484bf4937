using System.Globalization;

namespace Microsoft.ML.GentleClip.Mpi;

/// <summary>
/// The processes of an MPI program: <c>using var group = MpiProcessGroup.Join();</c> at its beginning, <c>options.ProcessGroup = group</c>, and
/// <c>mpirun -n 4 dotnet MyTraining.dll</c>. Works with Open MPI and MPICH, without a copy: the memory of tensors is what is sent.
/// </summary>
/// <remarks>
/// <para>
/// A process that cannot go on ends all, with one line on its standard error that says which and why: one whose <c>Fit</c> throws, one that an exception
/// leaves unhandled, one that ends without disposing of the group. One that waits in vain for longer than <see cref="MpiOptions.Timeout"/> ends itself, and the
/// launcher ends the others; the exit code is 75. An exception of another part of the program that is caught while the others wait is not seen: let it pass,
/// or call <see cref="Abort"/>.
/// </para>
/// <para>UCX, which Open MPI uses on InfiniBand, would take .NET's handling of null references for crashes; joining tells it not to.</para>
/// </remarks>
public sealed class MpiProcessGroup : ProcessGroup, IDisposable
{
    // As sysexits.h has it: a temporary failure, start again.
    private const int ExitCode = 75;

    private static readonly TimeSpan LongestAbort = TimeSpan.FromSeconds(5), GraceOfRank = TimeSpan.FromSeconds(0.5);
    private static int _joined;

    private readonly MpiLibrary _library;
    private readonly Watchdog _watchdog;
    private readonly TimeSpan _timeout;
    private bool _left;
    private int _spoke;

    private MpiProcessGroup(MpiOptions options)
    {
        _timeout = options.Timeout;
        var launcher = MpiLauncher.Of(Environment.GetEnvironmentVariable);
        (Rank, Size) = (-1, launcher.Size ?? 1); // until MPI says
        NativeProcess.SetDefault("UCX_ERROR_SIGNALS", "SIGILL,SIGBUS,SIGFPE");
        var named = options.Library ?? Environment.GetEnvironmentVariable("GENTLECLIP_MPI_LIBRARY");
        _library = MpiLibrary.Load(string.IsNullOrWhiteSpace(named) ? [.. launcher.Libraries()] : [named]);
        _watchdog = new Watchdog(_timeout, Expired);
        using (_watchdog.Begin("joining"))
            (Rank, Size) = _library.Initialize();
        _watchdog.Grace = TimeSpan.FromTicks(Math.Min(Rank, 10) * GraceOfRank.Ticks);
        try
        {
            launcher.Check(Size, _library.Name, options);
        }
        catch
        {
            _library.Finish();
            throw;
        }
        AppDomain.CurrentDomain.UnhandledException += OnUnhandled;
        AppDomain.CurrentDomain.ProcessExit += OnExit;
    }

    /// <inheritdoc/>
    public override int Rank { get; }

    /// <inheritdoc/>
    public override int Size { get; }

    /// <summary>MPI's library and its version.</summary>
    public string Library => _library.Name;

    /// <summary>Joins the other processes; once in a process, before anything else that takes long.</summary>
    /// <param name="options">How; null takes the defaults.</param>
    /// <returns>The group, to be disposed of by all processes at the end of their work.</returns>
    /// <exception cref="DllNotFoundException">MPI is not installed.</exception>
    /// <exception cref="InvalidOperationException">It has joined before, MPI failed, or there are fewer processes than the launcher promised.</exception>
    public static MpiProcessGroup Join(MpiOptions? options = null)
    {
        if (Interlocked.Exchange(ref _joined, 1) != 0)
            throw new InvalidOperationException("This process has joined before; MPI allows it once in a process.");
        return new MpiProcessGroup(options ?? new MpiOptions());
    }

    /// <inheritdoc/>
    /// <exception cref="ObjectDisposedException">The group has been left.</exception>
    /// <exception cref="ArgumentException">The lengths do not fit.</exception>
    /// <exception cref="InvalidOperationException">MPI failed, or another thread is in a call.</exception>
    public override void AllGather(ReadOnlySpan<byte> own, Span<byte> all, string purpose)
    {
        CheckLength(nameof(all), all.Length, (long)own.Length * Size);
        using var call = Begin(purpose);
        _library.AllGather(own, all);
    }

    /// <inheritdoc/>
    /// <exception cref="ObjectDisposedException">The group has been left.</exception>
    /// <exception cref="ArgumentException">The lengths do not fit.</exception>
    /// <exception cref="InvalidOperationException">MPI failed, or another thread is in a call.</exception>
    public override void AllToAll(ReadOnlySpan<byte> parts, Span<byte> received, string purpose)
    {
        CheckLength(nameof(received), received.Length, parts.Length);
        CheckLength(nameof(parts), parts.Length, (long)(parts.Length / Size) * Size);
        using var call = Begin(purpose);
        _library.AllToAll(parts, received, parts.Length / Size);
    }

    /// <inheritdoc/>
    /// <exception cref="ObjectDisposedException">The group has been left.</exception>
    /// <exception cref="ArgumentOutOfRangeException">There is no such rank.</exception>
    /// <exception cref="InvalidOperationException">MPI failed, or another thread is in a call.</exception>
    public override void Broadcast(Span<byte> data, int root, string purpose)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(root);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(root, Size);
        using var call = Begin(purpose);
        _library.Broadcast(data, root);
    }

    /// <inheritdoc/>
    /// <exception cref="ObjectDisposedException">The group has been left.</exception>
    /// <exception cref="InvalidOperationException">MPI failed, or another thread is in a call.</exception>
    public override void Barrier(string purpose)
    {
        using var call = Begin(purpose);
        _library.Barrier();
    }

    /// <summary>Ends all processes, with exit code 75 and a line on standard error; does not return.</summary>
    /// <param name="reason">Why, in words.</param>
    public override void Abort(string reason)
    {
        Say($"ends all processes. {reason}");
        // Where another thread is within MPI, or MPI itself does not come back, the process's own end tells the launcher.
        if (!_left && !_watchdog.IsWaiting)
        {
            var abort = new Thread(() => _library.Abort(ExitCode)) { IsBackground = true };
            abort.Start();
            abort.Join(LongestAbort);
        }
        NativeProcess.Exit(ExitCode);
    }

    /// <summary>Leaves the group, together with all other processes.</summary>
    public void Dispose()
    {
        if (_left)
            return;
        using (_watchdog.Begin("leaving"))
            _library.Finish();
        _left = true;
        AppDomain.CurrentDomain.UnhandledException -= OnUnhandled;
        AppDomain.CurrentDomain.ProcessExit -= OnExit;
    }

    private static void CheckLength(string name, long length, long expected)
    {
        if (length != expected)
            throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"The length is {length}; expected {expected}."), name);
    }

    private Watchdog.Call Begin(string purpose)
    {
        ObjectDisposedException.ThrowIf(_left, this);
        return _watchdog.Begin(purpose);
    }

    private void Expired(string purpose)
    {
        Say(string.Create(CultureInfo.InvariantCulture,
            $"has waited {_timeout.TotalSeconds:0.#} s for the others, in '{purpose}': one of them has died, hangs, or cannot be reached. All processes end; ")
            + "start again, and a training with checkpoints goes on from the last of them.");
        NativeProcess.Exit(ExitCode);
    }

    private void OnUnhandled(object sender, UnhandledExceptionEventArgs unhandled) =>
        Abort(unhandled.ExceptionObject is Exception exception ? $"Unhandled {exception}" : $"Unhandled {unhandled.ExceptionObject}");

    // The launcher would wait for a process that is gone, and the others for its part.
    private void OnExit(object? sender, EventArgs e) =>
        Abort($"The process ends without having left the group; dispose of {nameof(MpiProcessGroup)} at its end.");

    private void Say(string what)
    {
        if (Interlocked.Exchange(ref _spoke, 1) != 0)
            return;
        Console.Out.Flush();
        Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"[{DateTime.UtcNow:HH:mm:ss}] Rank {Rank} of {Size} on {Environment.MachineName} {what}"));
        Console.Error.Flush();
    }
}
