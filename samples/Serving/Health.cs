using Microsoft.AspNetCore.Mvc;

namespace Serving;

/// <summary>What the server says of itself, and what it answers as long as it is not ready.</summary>
internal static class Health
{
    private const string RetryAfterSeconds = "1";

    public static void Map(IEndpointRouteBuilder app)
    {
        app.MapGet("/health/live", () => new LiveResponse("live")).WithSummary("200 as long as the process answers at all.");
        app.MapGet("/health/ready", Ready).Produces<ReadyResponse>().Produces<ReadyResponse>(StatusCodes.Status503ServiceUnavailable)
            .WithSummary("200 when the model is loaded and the catalogue embedded; before, 503 and how far that is.");
        app.MapGet("/health", Served).Produces<HealthResponse>().ProducesProblem(StatusCodes.Status503ServiceUnavailable)
            .WithMetadata(new NeedsModel()).WithSummary("What each column takes, requests and batches so far.");
    }

    /// <summary>
    /// Answers for endpoints with <see cref="NeedsModel"/> until there is one. Before their parameters are bound: those would wait for the container, which is
    /// making the model.
    /// </summary>
    public static void UseWhileLoading(this WebApplication app) => app.Use(async (context, next) =>
    {
        var readiness = context.RequestServices.GetRequiredService<Readiness>();
        if (readiness.IsReady || context.GetEndpoint()?.Metadata.GetMetadata<NeedsModel>() is null)
        {
            await next(context);
            return;
        }
        var progress = Progress(readiness);
        context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
        context.Response.Headers.RetryAfter = RetryAfterSeconds;
        await context.Response.WriteAsJsonAsync(new ProblemDetails
        {
            Title = "Not ready",
            Status = StatusCodes.Status503ServiceUnavailable,
            Detail = $"The server is not ready yet. {progress.Doing}{(progress.Total is { } total ? $", {progress.Done} of {total}" : "")}.",
            Extensions = { ["progress"] = progress },
        }, options: null, "application/problem+json", context.RequestAborted);
    });

    private static IResult Ready(Readiness readiness, HttpResponse response)
    {
        if (readiness.IsReady)
            return Results.Json(new ReadyResponse("ready", null, null, null));
        response.Headers.RetryAfter = RetryAfterSeconds;
        return Results.Json(Progress(readiness), statusCode: StatusCodes.Status503ServiceUnavailable);
    }

    private static ReadyResponse Progress(Readiness readiness) =>
        readiness.Problem is { } problem
            ? new("failed", problem.Message, null, null)
            : new("loading", readiness.Current.Doing, readiness.Current.Done, readiness.Current.Total);

    private static HealthResponse Served(Sides sides, Catalogue catalogue) =>
        new("ready", sides.Dimension, catalogue.Count, sides.All.Select(side => new SideResponse(side.Column, side.Takes, side.Requests, side.Batches)));

    private sealed record LiveResponse(string Status);

    private sealed record ReadyResponse(string Status, string? Doing, int? Done, int? Total);

    private sealed record HealthResponse(string Status, int Dimension, int Catalogue, IEnumerable<SideResponse> Columns);

    private sealed record SideResponse(string Column, string Takes, long Requests, long Batches);
}

/// <summary>An endpoint that answers only when the model is loaded.</summary>
internal sealed class NeedsModel;
