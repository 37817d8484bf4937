using System.Diagnostics;
using System.Globalization;

namespace Microsoft.ML.GentleClip.Reliability;

/// <summary>A tmpfs of a few megabytes.</summary>
internal sealed class SmallDisk : IDisposable
{
    private readonly string _filler;

    private SmallDisk(string path)
    {
        Path = path;
        _filler = System.IO.Path.Combine(path, "filler");
    }

    public string Path { get; }

    /// <summary>Mounts one, or says why not: it takes Linux and the right to mount.</summary>
    public static SmallDisk? TryMount(string path, int megabytes, out string refusal)
    {
        refusal = "not Linux";
        if (!OperatingSystem.IsLinux())
            return null;
        Directory.CreateDirectory(path);
        refusal = Run("mount", "-t", "tmpfs", "-o", $"size={megabytes}m", "none", path);
        return refusal.Length == 0 ? new SmallDisk(path) : null;
    }

    /// <summary>Takes all room but so many bytes.</summary>
    public void Fill(long leave)
    {
        Free();
        using var stream = new FileStream(_filler, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
        var block = new byte[1 << 12];
        var left = new DriveInfo(Path).AvailableFreeSpace - leave;
        try
        {
            for (; left > 0 || leave == 0; left -= block.Length)
                stream.Write(block);
        }
        catch (IOException) when (leave == 0) // full it is
        {
        }
    }

    /// <summary>Gives the room back.</summary>
    public void Free() => File.Delete(_filler);

    public void Remount(bool readOnly)
    {
        if (Run("mount", "-o", $"remount,{(readOnly ? "ro" : "rw")}", Path) is { Length: > 0 } problem)
            throw new InvalidOperationException($"The disk cannot be mounted anew: {problem}");
    }

    public void Dispose() => Run("umount", Path);

    private static string Run(string program, params string[] arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
            var error = process.StandardError.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"{program} ended with {process.ExitCode}: {error.Trim()}");
        }
        catch (System.ComponentModel.Win32Exception problem)
        {
            return problem.Message;
        }
    }
}
