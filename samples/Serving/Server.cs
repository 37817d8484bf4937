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
            .Configure<IOptions<ServingOptions>>((kestrel, serving) =>
            {
                kestrel.Limits.MaxRequestBodySize = serving.Value.MaximumBodyBytes;
                kestrel.AddServerHeader = false;
            });
        builder.Services.AddOptions<ServingOptions>().BindConfiguration(ServingOptions.Section).ValidateDataAnnotations();
        builder.Services.AddOpenApi(options => options.AddDocumentTransformer((document, _, _) =>
        {
            document.Info.Title = "Microsoft.ML.GentleClip: a model over HTTP";
            document.Info.Description = "Embeds the inputs of either side of the model, and finds the nearest items of the catalogue.";
            return Task.CompletedTask;
        }));
        // The host's own report of a failed start is a page of stack; Program says it in a line.
        builder.Logging.AddFilter("Microsoft.AspNetCore", LogLevel.Warning).AddFilter("Microsoft.Extensions.Hosting", LogLevel.None)
            .AddSimpleConsole(console => console.SingleLine = true);

        // The container makes each once and disposes them in reverse order: the model last.
        builder.Services.AddSingleton<Readiness>();
        builder.Services.AddSingleton(provider => ModelSource.Open(
            provider.GetRequiredService<IOptions<ServingOptions>>().Value, provider.GetRequiredService<ILogger<GentleClipTransformer>>()));
        builder.Services.AddSingleton<Sides>();
        builder.Services.AddSingleton<Catalogue>();
        builder.Services.AddHostedService<Loading>();

        var app = builder.Build();
        app.UseStatusCodePages(Endpoints.ExplainAsync);
        app.UseWhileLoading();
        Page.Map(app);
        Endpoints.Map(app);
        app.MapOpenApi();
        return app;
    }
}
