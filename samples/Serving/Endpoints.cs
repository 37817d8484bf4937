using System.Text.Json;
using Microsoft.Extensions.Options;

namespace Serving;

/// <summary>The three addresses and what they answer.</summary>
internal static class Endpoints
{
    private const int DefaultCount = 5, LargestCount = 1000;

    public static void Map(WebApplication app)
    {
        var api = app.MapGroup("").AddEndpointFilter(Answer);
        api.MapPost("/embed", EmbedAsync);
        api.MapPost("/search", SearchAsync);
        api.MapGet("/health", Health);
    }

    private static async Task<EmbedResponse> EmbedAsync(HttpRequest http, Sides sides, IOptions<ServingOptions> options, CancellationToken cancellationToken)
    {
        var request = await ReadAsync<EmbedRequest>(http, cancellationToken);
        var side = sides.Named(request.Column);
        int most = options.Value.MaximumInputs;
        if (request.Inputs is not { Count: > 0 } inputs || inputs.Count > most)
            throw new BadInputException($"inputs: expected a list of 1 to {most}, found {(request.Inputs is null ? "nothing" : request.Inputs.Count)}.");
        var embeddings = await side.EmbedAsync(inputs, i => $"inputs[{i}]", cancellationToken);
        return new(side.Column, sides.Dimension, embeddings);
    }

    private static async Task<SearchResponse> SearchAsync(HttpRequest http, Sides sides, Catalogue catalogue, CancellationToken cancellationToken)
    {
        var request = await ReadAsync<SearchRequest>(http, cancellationToken);
        var side = sides.Named(request.Column);
        int count = request.Count ?? DefaultCount;
        if (count is < 1 or > LargestCount)
            throw new BadInputException($"count: expected 1 to {LargestCount}, found {count}.");
        var embeddings = await side.EmbedAsync([request.Input], _ => "input", cancellationToken);
        return new(catalogue.Search(embeddings[0].Span, count));
    }

    private static HealthResponse Health(Sides sides, Catalogue catalogue) =>
        new("ready", sides.Dimension, catalogue.Count, sides.All.Select(side => new SideResponse(side.Column, side.Takes, side.Requests, side.Batches)));

    private static async Task<T> ReadAsync<T>(HttpRequest http, CancellationToken cancellationToken)
        where T : RequestBody
    {
        if (!http.HasJsonContentType())
            throw new BadInputException($"body: expected Content-Type application/json, found {http.ContentType ?? "none"}.");
        try
        {
            var body = await http.ReadFromJsonAsync<T>(cancellationToken) ?? throw new BadInputException("body: expected an object, found null.");
            body.CheckFields();
            return body;
        }
        catch (JsonException problem)
        {
            throw new BadInputException($"body: {problem.Message}");
        }
    }

    // Problems as HTTP says them.
    private static async ValueTask<object?> Answer(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        try
        {
            return await next(context);
        }
        catch (Exception problem) when (problem is BadInputException or ArgumentException)
        {
            return Results.Problem(problem.Message, statusCode: StatusCodes.Status400BadRequest);
        }
        catch (BadHttpRequestException problem) when (problem.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            int most = context.HttpContext.RequestServices.GetRequiredService<IOptions<ServingOptions>>().Value.MaximumBodyBytes;
            return Results.Problem($"body: expected at most {most} bytes (option --body), found more.", statusCode: StatusCodes.Status413PayloadTooLarge);
        }
        catch (BusyException problem)
        {
            context.HttpContext.Response.Headers.RetryAfter = "1";
            return Results.Problem(problem.Message, statusCode: StatusCodes.Status503ServiceUnavailable);
        }
        catch (OperationCanceledException) when (context.HttpContext.RequestAborted.IsCancellationRequested)
        {
            return Results.StatusCode(StatusCodes.Status499ClientClosedRequest); // nobody reads it, but the log
        }
    }

    private sealed record EmbedRequest(string? Column, IReadOnlyList<JsonElement>? Inputs) : RequestBody;

    private sealed record EmbedResponse(string Column, int Dimension, IReadOnlyList<ReadOnlyMemory<float>> Embeddings);

    private sealed record SearchRequest(string? Column, JsonElement Input, int? Count) : RequestBody;

    private sealed record SearchResponse(IEnumerable<Match> Matches);

    private sealed record HealthResponse(string Status, int Dimension, int Catalogue, IEnumerable<SideResponse> Columns);

    private sealed record SideResponse(string Column, string Takes, long Requests, long Batches);
}
