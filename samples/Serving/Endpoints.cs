using System.Text.Json;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.Extensions.Options;

namespace Serving;

/// <summary>What clients ask of the model, and what they get.</summary>
internal static class Endpoints
{
    private const int DefaultCount = 5, LargestCount = 1000;

    public static void Map(WebApplication app)
    {
        Health.Map(app);
        var api = app.MapGroup("").AddEndpointFilter(Answer).WithMetadata(new NeedsModel());
        Post(api.MapPost("/embed", EmbedAsync).Accepts<EmbedRequest>("application/json").Produces<EmbedResponse>())
            .WithSummary("The embeddings of some inputs of one column.");
        Post(api.MapPost("/search", SearchAsync).Accepts<SearchRequest>("application/json").Produces<SearchResponse>())
            .WithSummary("The nearest items of the catalogue, best first.");
        api.MapGet("/model", Model).Produces<ModelResponse>().WithSummary("What the page needs to know: columns, what is searched, limits.");
        api.MapGet("/items/{row:int}/picture", Picture).Produces(StatusCodes.Status200OK).ProducesProblem(StatusCodes.Status404NotFound)
            .WithSummary("The picture of an item of the catalogue that was given as one.");

        static RouteHandlerBuilder Post(RouteHandlerBuilder endpoint) => endpoint.ProducesProblem(StatusCodes.Status400BadRequest)
            .ProducesProblem(StatusCodes.Status413PayloadTooLarge)
            .ProducesProblem(StatusCodes.Status415UnsupportedMediaType).ProducesProblem(StatusCodes.Status503ServiceUnavailable);
    }

    /// <summary>Says what is wrong where the framework answers with a number alone.</summary>
    public static Task ExplainAsync(StatusCodeContext context)
    {
        var (request, status) = (context.HttpContext.Request, context.HttpContext.Response.StatusCode);
        string detail = status switch
        {
            StatusCodes.Status404NotFound => $"There is no address {request.Path}; /openapi/v1.json lists those that there are.",
            StatusCodes.Status405MethodNotAllowed => $"{request.Path} does not take {request.Method}.",
            StatusCodes.Status415UnsupportedMediaType => $"body: expected Content-Type application/json, found {request.ContentType ?? "none"}.",
            _ => $"The request ended with status {status}.",
        };
        return Results.Problem(detail, statusCode: status).ExecuteAsync(context.HttpContext);
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
        var among = request.Among is null ? null : sides.Named(request.Among, "among");
        int count = request.Count ?? DefaultCount;
        if (count is < 1 or > LargestCount)
            throw new BadInputException($"count: expected 1 to {LargestCount}, found {count}.");
        var embeddings = await side.EmbedAsync([request.Input], _ => "input", cancellationToken);
        return new(catalogue.Search(embeddings[0].Span, count, among?.Column));
    }

    private static ModelResponse Model(Sides sides, Catalogue catalogue, IOptions<ServingOptions> options) =>
        new(sides.Dimension, catalogue.Count, options.Value.MaximumBodyBytes, catalogue.Credit, catalogue.Examples,
            sides.All.Select(side => new ColumnResponse(side.Column, side.Kind, side.Takes, catalogue.CountOf(side.Column))));

    private static IResult Picture(int row, Catalogue catalogue, HttpResponse response)
    {
        if (catalogue.PictureOf(row) is not { } picture)
            return Results.Problem($"There is no item {row} with a picture.", statusCode: StatusCodes.Status404NotFound);
        response.Headers.XContentTypeOptions = "nosniff"; // a picture is shown, and nothing that is in it is run
        response.Headers.CacheControl = "no-cache";
        return Results.Bytes(picture.Bytes, picture.ContentType);
    }

    private static async Task<T> ReadAsync<T>(HttpRequest http, CancellationToken cancellationToken)
        where T : RequestBody
    {
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

    private sealed record SearchRequest(string? Column, JsonElement Input, int? Count, string? Among) : RequestBody;

    private sealed record SearchResponse(IEnumerable<Match> Matches);

    private sealed record ModelResponse(int Dimension, int Items, int MaximumBodyBytes, string? Credit, IReadOnlyList<string> Examples,
        IEnumerable<ColumnResponse> Columns);

    private sealed record ColumnResponse(string Column, string Kind, string Takes, int Items);
}
