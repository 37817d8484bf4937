using Microsoft.Extensions.Options;

namespace Serving;

/// <summary>
/// Loads model and catalogue beside the web server, which listens meanwhile. Started before it and stopped after it, so that requests under way are answered
/// before the batches end.
/// </summary>
internal sealed class Loading(IServiceProvider services, Readiness readiness, IOptions<ServingOptions> options, IHostApplicationLifetime lifetime)
    : IHostedService
{
    private Task _loading = Task.CompletedTask;

    /// <exception cref="FileNotFoundException">The options name a file that is not there: known at once, and so said at once.</exception>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        ModelSource.CheckFiles(options.Value);
        _loading = Task.Run(LoadAsync, CancellationToken.None);
        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _loading;
        if (readiness.IsReady)
            await services.GetRequiredService<Sides>().StopAsync();
    }

    private async Task LoadAsync()
    {
        try
        {
            readiness.Report("Loading the model");
            // Made here for the first time; no request asks the container for it before the server is ready.
            await services.GetRequiredService<Catalogue>().FillAsync(lifetime.ApplicationStopping);
            readiness.Succeed();
        }
        catch (Exception problem)
        {
            readiness.Fail(problem);
            // Not in the middle of the web server's own start.
            lifetime.ApplicationStarted.Register(lifetime.StopApplication);
        }
    }
}
