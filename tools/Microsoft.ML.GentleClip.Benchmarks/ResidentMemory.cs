using System.Globalization;

namespace Microsoft.ML.GentleClip.Benchmarks;

/// <summary>Resident memory of this process, in bytes: how much, and how much at most since a baseline was taken.</summary>
internal sealed class ResidentMemory
{
    private const string Status = "/proc/self/status";
    private readonly long _baseline;

    /// <summary>Takes the baseline. On Linux the system's high-water mark starts anew here; elsewhere it is that of the whole process.</summary>
    public ResidentMemory()
    {
        if (OperatingSystem.IsLinux())
            File.WriteAllText("/proc/self/clear_refs", "5");
        _baseline = Now;
    }

    /// <summary>Resident memory.</summary>
    public static long Now => OperatingSystem.IsLinux() ? Read("VmRSS:") : Environment.WorkingSet;

    /// <summary>Peak over the baseline.</summary>
    public long Peak => Math.Max(0, (OperatingSystem.IsLinux() ? Read("VmHWM:") : PeakWorkingSet) - _baseline);

    /// <summary>Memory that the machine can give without swapping, or null where that is not known.</summary>
    public static long? Available => OperatingSystem.IsLinux() ? Read("MemAvailable:", "/proc/meminfo") : null;

    private static long PeakWorkingSet
    {
        get
        {
            using var process = System.Diagnostics.Process.GetCurrentProcess();
            return process.PeakWorkingSet64;
        }
    }

    private static long Read(string name, string file = Status)
    {
        var line = File.ReadLines(file).FirstOrDefault(l => l.StartsWith(name, StringComparison.Ordinal))
            ?? throw new MeasurementException($"{file} has no {name}");
        return 1024 * long.Parse(line.Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
    }
}
