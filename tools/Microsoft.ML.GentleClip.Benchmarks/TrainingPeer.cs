using System.Diagnostics;
using System.Globalization;

namespace Microsoft.ML.GentleClip.Benchmarks;

/// <summary>
/// PyTorch with the same towers, open_clip's contrastive loss and AdamW, on the same shapes and one thread, in a process of its own that takes its turns with
/// ours. There is none where Python or its torch is not installed.
/// </summary>
internal sealed class TrainingPeer : IDisposable
{
    private readonly Process _process;

    private TrainingPeer(Process process, string version) => (_process, Version) = (process, version);

    /// <summary>PyTorch's version.</summary>
    public string Version { get; }

    /// <summary>Starts the process; null where there is no PyTorch.</summary>
    /// <param name="python">The interpreter.</param>
    /// <param name="batch">Pairs of a batch.</param>
    /// <param name="why">Why there is none.</param>
    public static TrainingPeer? Start(string python, int batch, out string why)
    {
        var start = new ProcessStartInfo(python, ["-c", Script, batch.ToString(CultureInfo.InvariantCulture)])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        (start.Environment["OMP_NUM_THREADS"], start.Environment["MKL_NUM_THREADS"], start.Environment["OPENBLAS_NUM_THREADS"]) = ("1", "1", "1");
        try
        {
            var process = Process.Start(start)!;
            process.ErrorDataReceived += (_, _) => { };
            process.BeginErrorReadLine();
            if (process.StandardOutput.ReadLine() is { } version)
            {
                why = "";
                return new(process, version);
            }
            process.WaitForExit();
            process.Dispose();
            why = $"{python} has no torch";
        }
        catch (System.ComponentModel.Win32Exception)
        {
            why = $"there is no {python}";
        }
        return null;
    }

    /// <summary>Milliseconds of processor time of a step, the mean of so many.</summary>
    /// <exception cref="MeasurementException">The process ended.</exception>
    public double Run(int steps)
    {
        _process.StandardInput.WriteLine(steps.ToString(CultureInfo.InvariantCulture));
        _process.StandardInput.Flush();
        return double.TryParse(_process.StandardOutput.ReadLine(), NumberStyles.Float, CultureInfo.InvariantCulture, out var time)
            ? time
            : throw new MeasurementException("PyTorch's process ended early.");
    }

    public void Dispose()
    {
        _process.StandardInput.Close();
        if (!_process.WaitForExit(10_000))
            _process.Kill();
        _process.Dispose();
    }

    private const string Script = """
        import sys, time
        import torch
        from torch import nn
        from torch.nn import functional as F
        torch.set_num_threads(1)
        torch.manual_seed(1)
        batch = int(sys.argv[1])

        class Tower(nn.Module):
            def __init__(self):
                super().__init__()
                self.layers = nn.ModuleList([nn.Linear(256, 256), nn.Linear(256, 256)])
                self.projection, self.fc, self.norm = nn.Linear(256, 128), nn.Linear(128, 128), nn.LayerNorm(128)
            def forward(self, x):
                x = x + 0.5 * torch.randn_like(x)
                x = x * (torch.rand_like(x) >= 0.1)
                for layer in self.layers:
                    x = F.dropout(F.gelu(layer(x)), 0.5)
                projected = self.projection(x)
                y = F.dropout(self.fc(F.gelu(projected)), 0.1)
                return F.normalize(self.norm(y + projected), dim=-1)

        a, b = Tower(), Tower()
        scale = nn.Parameter(torch.tensor(2.6593))
        parameters = [*a.parameters(), *b.parameters(), scale]
        optimizer = torch.optim.AdamW(parameters, lr=1e-3, weight_decay=1e-2)
        xs, ys = torch.rand(4 * batch, 256), torch.rand(4 * batch, 256)
        labels = torch.arange(batch)
        print(torch.__version__, flush=True)
        for line in sys.stdin:
            steps = int(line)
            start = time.process_time()
            for _ in range(steps):
                rows = torch.randint(0, 4 * batch, (batch,))
                u, v = a(xs[rows]), b(ys[rows])
                logits = scale.exp() * u @ v.t()
                loss = (F.cross_entropy(logits, labels) + F.cross_entropy(logits.t(), labels)) / 2
                optimizer.zero_grad()
                loss.backward()
                torch.nn.utils.clip_grad_norm_(parameters, 1.0)
                optimizer.step()
                with torch.no_grad():
                    scale.clamp_(0, 4.6052)
            print(1000 * (time.process_time() - start) / steps, flush=True)
        """;
}
