using System.Globalization;

namespace Microsoft.ML.GentleClip.Reliability;

/// <summary>Memory of this process in bytes, as Linux counts it; elsewhere the runtime's figures.</summary>
internal static class ProcessMemory
{
    /// <summary>Resident now.</summary>
    public static long Resident => Read("VmRSS:") ?? Environment.WorkingSet;

    /// <summary>The most address space so far, which allocations count for that nobody has written to; 0 where that is not known.</summary>
    public static long VirtualPeak => Read("VmPeak:") ?? 0;

    private static long? Read(string name)
    {
        if (!OperatingSystem.IsLinux())
            return null;
        foreach (var line in File.ReadLines("/proc/self/status"))
            if (line.StartsWith(name, StringComparison.Ordinal))
                return 1024 * long.Parse(line.Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
        return null;
    }
}
