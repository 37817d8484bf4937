using System.Diagnostics;

namespace Microsoft.ML.GentleClip.Tests.Mpi;

/// <summary>Two "machines" on one: a network namespace and a host's name each, joined by a cable that can be pulled.</summary>
internal sealed class TwoHosts : IDisposable
{
    private readonly string _name = $"gc{System.Environment.ProcessId % 100000}";
    private readonly string _shell;

    private TwoHosts()
    {
        _shell = Path.Combine(Path.GetTempPath(), $"{_name}.sh");
        // What the launcher starts programs on the other host by: SHELL HOST COMMAND..., where hosts are namespaces.
        File.WriteAllText(_shell, $"""
            #!/bin/sh
            while [ "$1" != "{Address(0)}" ] && [ "$1" != "{Address(1)}" ]; do shift; done
            host={_name}x$((${"{1##*.}"} - 1)); shift
            exec ip netns exec $host unshare -u sh -c "hostname $host; $*"
            """);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(_shell, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    /// <summary>Open MPI's settings to use the two.</summary>
    public IReadOnlyDictionary<string, string> Settings => new Dictionary<string, string>
    {
        ["OMPI_MCA_plm_rsh_agent"] = _shell,
        ["OMPI_MCA_btl"] = "tcp,self",
        ["OMPI_MCA_btl_tcp_if_include"] = "10.77.0.0/24",
        ["OMPI_MCA_oob_tcp_if_include"] = "10.77.0.0/24",
    };

    /// <summary>Makes them; null, and why, where the machine does not allow it.</summary>
    public static (TwoHosts? Hosts, string? Obstacle) Create()
    {
        if (MpiRun.Find("ip") is null || MpiRun.Find("unshare") is null)
            return (null, "there is no ip or unshare (Debian: apt-get install iproute2 util-linux)");
        var hosts = new TwoHosts();
        string?[] problems =
        [
            hosts.Ip($"netns add {hosts.Host(0)}"), hosts.Ip($"netns add {hosts.Host(1)}"),
            hosts.Ip($"link add {hosts.Cable(0)} netns {hosts.Host(0)} type veth peer name {hosts.Cable(1)} netns {hosts.Host(1)}"),
            .. Enumerable.Range(0, 2).SelectMany(i => new[]
            {
                hosts.Ip($"-n {hosts.Host(i)} addr add {Address(i)}/24 dev {hosts.Cable(i)}"), hosts.Ip($"-n {hosts.Host(i)} link set {hosts.Cable(i)} up"),
                hosts.Ip($"-n {hosts.Host(i)} link set lo up"),
            }),
        ];
        if (problems.FirstOrDefault(problem => problem is not null) is not { } obstacle)
            return (hosts, null);
        hosts.Dispose();
        return (null, $"network namespaces are not allowed here: {obstacle}");
    }

    /// <summary>The words that run a command with a process on each.</summary>
    public string[] Launch(IEnumerable<string> command) =>
    [
        "ip", "netns", "exec", Host(0), "unshare", "-u", "sh", "-c",
        $"hostname {Host(0)}; exec {MpiRun.OpenMpi} --host {Address(0)}:1,{Address(1)}:1 -n 2 {string.Join(' ', command)}",
    ];

    /// <summary>Pulls the cable.</summary>
    public void Cut() => Assert.IsNull(Ip($"-n {Host(0)} link set {Cable(0)} down"));

    public void Dispose()
    {
        Ip($"netns del {Host(0)}");
        Ip($"netns del {Host(1)}");
        File.Delete(_shell);
    }

    private static string Address(int host) => $"10.77.0.{host + 1}";

    private string Host(int host) => $"{_name}x{host}";

    private string Cable(int host) => $"{_name}v{host}";

    private string? Ip(string arguments)
    {
        var start = new ProcessStartInfo("ip", arguments.Split(' ')) { RedirectStandardError = true, RedirectStandardOutput = true };
        using var process = Process.Start(start)!;
        string error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? null : $"ip {arguments}: {error.Trim()}";
    }
}
