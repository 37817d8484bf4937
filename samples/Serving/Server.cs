using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;
using Microsoft.ML.GentleClip;

namespace Serving;

/// <summary>Puts the parts together.</summary>
internal static class Server
{
    public static WebApplication Build(string[] args)
    {
        var builder = WebApplication.CreateBuilder(args);
        builder.Configuration.AddCommandLine(args, ServingOptions.Switches);
        builder.Services.AddOptions<KestrelServerOptions>()
            .Configure<IOptions<ServingOptions>>((kestrel, serving) => kestrel.Limits.MaxRequestBodySize = serving.Value.MaximumBodyBytes);
        builder.Services.AddOptions<ServingOptions>().BindConfiguration(ServingOptions.Section).ValidateDataAnnotations();
        // The host's own report of a failed start is a page of stack; Program says it in a line.
        builder.Logging.AddFilter("Microsoft.AspNetCore", LogLevel.Warning).AddFilter("Microsoft.Extensions.Hosting", LogLevel.None)
            .AddSimpleConsole(console => console.SingleLine = true);

        // The container makes each once and disposes them in reverse order: the model last.
        builder.Services.AddSingleton(provider => ModelSource.Open(
            provider.GetRequiredService<IOptions<ServingOptions>>().Value, provider.GetRequiredService<ILogger<GentleClipTransformer>>(),
                provider.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping));
        builder.Services.AddSingleton<Sides>();
        builder.Services.AddSingleton<Catalogue>();
        // Started before the web server and stopped after it: whoever connects finds the model loaded, and requests under way are answered before the batches
        // end.
        builder.Services.AddHostedService<Lifetime>();

        var app = builder.Build();
        Endpoints.Map(app);
        return app;
    }

    private sealed class Lifetime(IServiceProvider services) : IHostedService
    {
        public async Task StartAsync(CancellationToken cancellationToken) =>
            await services.GetRequiredService<Catalogue>().FillAsync(cancellationToken);

        public async Task StopAsync(CancellationToken cancellationToken) =>
            await services.GetRequiredService<Sides>().StopAsync();
    }
}
