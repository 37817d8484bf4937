using System.Runtime.InteropServices;
using System.Text;

namespace Microsoft.ML.GentleClip.Mpi;

/// <summary>
/// The few functions of MPI that a process group needs, from whichever library is there. Open MPI's handles are addresses of symbols that it exports;
/// MPICH and its relatives (Intel MPI, Cray, MS-MPI) have fixed numbers. All data are bytes, so that one type of element is enough.
/// </summary>
internal sealed unsafe class MpiLibrary
{
    private const int Serialized = 2; // MPI_THREAD_SERIALIZED: calls of any thread, one at a time
    private const int MpichWorld = 0x44000000, MpichByte = 0x4c00010d, MpichReturn = 0x54000001;
    private const int LongestText = 8192;

    private readonly nint _library, _world, _byte, _return;
    private readonly delegate* unmanaged<void*, int, nint, void*, int, nint, nint, int> _allGather, _allToAll;
    private readonly delegate* unmanaged<void*, int, nint, int, nint, int> _broadcast;
    private readonly delegate* unmanaged<nint, int> _barrier;
    private readonly delegate* unmanaged<nint, int, int> _abort;
    private readonly delegate* unmanaged<int> _finalize;

    private MpiLibrary(nint library, string file)
    {
        _library = library;
        if (NativeLibrary.TryGetExport(library, "ompi_mpi_comm_world", out _world))
            (_byte, _return) = (Export("ompi_mpi_byte"), Export("ompi_mpi_errors_return"));
        else
            (_world, _byte, _return) = (MpichWorld, MpichByte, MpichReturn);
        _allGather = (delegate* unmanaged<void*, int, nint, void*, int, nint, nint, int>)Export("MPI_Allgather");
        _allToAll = (delegate* unmanaged<void*, int, nint, void*, int, nint, nint, int>)Export("MPI_Alltoall");
        _broadcast = (delegate* unmanaged<void*, int, nint, int, nint, int>)Export("MPI_Bcast");
        _barrier = (delegate* unmanaged<nint, int>)Export("MPI_Barrier");
        _abort = (delegate* unmanaged<nint, int, int>)Export("MPI_Abort");
        _finalize = (delegate* unmanaged<int>)Export("MPI_Finalize");
        Name = $"{file}, {Text((delegate* unmanaged<byte*, int*, int>)Export("MPI_Get_library_version"))}";

        static string Text(delegate* unmanaged<byte*, int*, int> version)
        {
            var text = stackalloc byte[LongestText];
            int length;
            return version(text, &length) == 0 ? Encoding.UTF8.GetString(text, length).Split('\n')[0].Trim(' ', '\t', '\0') : "of an unknown version";
        }
    }

    /// <summary>File and version.</summary>
    public string Name { get; }

    /// <summary>Loads the first library that is there.</summary>
    /// <exception cref="DllNotFoundException">None is; the message names all that were tried.</exception>
    public static MpiLibrary Load(IReadOnlyList<string> files)
    {
        foreach (var file in files)
            if (NativeLibrary.TryLoad(file, out var library))
                return new MpiLibrary(library, file);
        throw new DllNotFoundException(
            $"MPI was not found; tried {string.Join(", ", files)}. Install Open MPI or MPICH on every machine (Debian, Ubuntu: apt-get install openmpi-bin), "
            + $"or name the library ({nameof(MpiOptions)}.{nameof(MpiOptions.Library)}, GENTLECLIP_MPI_LIBRARY).");
    }

    /// <summary>MPI_Init_thread; then who this process is.</summary>
    /// <exception cref="InvalidOperationException">It failed, or the library allows calls of one thread alone.</exception>
    public (int Rank, int Size) Initialize()
    {
        int provided, rank, size;
        Check(((delegate* unmanaged<int*, byte***, int, int*, int>)Export("MPI_Init_thread"))(null, null, Serialized, &provided));
        if (provided < Serialized)
            throw new InvalidOperationException($"MPI ({Name}) grants thread level {provided}; expected {Serialized} (MPI_THREAD_SERIALIZED) or more.");
        Check(((delegate* unmanaged<nint, nint, int>)Export("MPI_Comm_set_errhandler"))(_world, _return));
        Check(((delegate* unmanaged<nint, int*, int>)Export("MPI_Comm_rank"))(_world, &rank));
        Check(((delegate* unmanaged<nint, int*, int>)Export("MPI_Comm_size"))(_world, &size));
        return (rank, size);
    }

    public void AllGather(ReadOnlySpan<byte> own, Span<byte> all)
    {
        fixed (byte* from = own, to = all)
            Check(_allGather(from, own.Length, _byte, to, own.Length, _byte, _world));
    }

    public void AllToAll(ReadOnlySpan<byte> parts, Span<byte> received, int length)
    {
        fixed (byte* from = parts, to = received)
            Check(_allToAll(from, length, _byte, to, length, _byte, _world));
    }

    public void Broadcast(Span<byte> data, int root)
    {
        fixed (byte* at = data)
            Check(_broadcast(at, data.Length, _byte, root, _world));
    }

    public void Barrier() => Check(_barrier(_world));

    public void Abort(int code) => _ = _abort(_world, code);

    public void Finish() => Check(_finalize());

    private nint Export(string name) => NativeLibrary.GetExport(_library, name);

    private void Check(int code)
    {
        if (code == 0)
            return;
        var text = stackalloc byte[LongestText];
        int length;
        var known = ((delegate* unmanaged<int, byte*, int*, int>)Export("MPI_Error_string"))(code, text, &length) == 0;
        throw new InvalidOperationException($"MPI reports error {code}: {(known ? Encoding.UTF8.GetString(text, length).Trim('\0') : "without a text")}.");
    }
}
