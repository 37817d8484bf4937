using System.CommandLine;

namespace Microsoft.ML.GentleClip.Programs;

/// <summary>Runs a command line: what is wrong becomes a message and an exit code, Ctrl-C a cancellation.</summary>
public static class ConsoleProgram
{
    /// <summary>The exit code of a program that could not do its work.</summary>
    public const int Failed = 1;

    /// <summary>The exit code of a wrong command line.</summary>
    public const int WrongUsage = 2;

    /// <summary>The exit code after Ctrl-C, as shells have it.</summary>
    public const int Cancelled = 130;

    /// <summary>Runs the command that the arguments name, and cancels it on Ctrl-C.</summary>
    /// <param name="arguments">The program's arguments.</param>
    /// <param name="create">Makes the command line; its actions stop where the token is cancelled.</param>
    /// <param name="exitCode">The exit code of an exception whose message tells the user enough; null for a defect, which keeps its stack.</param>
    /// <param name="cancelled">What to say after Ctrl-C.</param>
    /// <returns>The exit code: the action's, or one of the constants above.</returns>
    public static async Task<int> RunAsync(
        string[] arguments, Func<CancellationToken, RootCommand> create, Func<Exception, int?>? exitCode = null, string cancelled = "Cancelled.")
    {
        using var cancellation = new CancellationTokenSource();
        void Stop(object? sender, ConsoleCancelEventArgs pressed)
        {
            pressed.Cancel = true; // the work stops at its next step
            cancellation.Cancel();
        }

        Console.CancelKeyPress += Stop;
        try
        {
            return await RunAsync(arguments, create(cancellation.Token), exitCode);
        }
        catch (OperationCanceledException)
        {
            await Console.Error.WriteLineAsync(cancelled);
            return Cancelled;
        }
        finally
        {
            Console.CancelKeyPress -= Stop;
        }
    }

    /// <summary>Runs the command that the arguments name; Ctrl-C ends the process.</summary>
    /// <param name="arguments">The program's arguments.</param>
    /// <param name="command">The command line.</param>
    /// <param name="exitCode">The exit code of an exception whose message tells the user enough; null for a defect, which keeps its stack.</param>
    /// <returns>The exit code: the action's, or one of the constants above.</returns>
    public static async Task<int> RunAsync(string[] arguments, RootCommand command, Func<Exception, int?>? exitCode = null)
    {
        try
        {
            return await RunAsync(command, arguments, Console.Out, Console.Error);
        }
        catch (Exception problem) when ((exitCode?.Invoke(problem) ?? ExitCode(problem)) is { } code)
        {
            await Console.Error.WriteLineAsync(problem.Message);
            return code;
        }
    }

    /// <summary>Runs the command that the arguments name; exceptions of its action pass through.</summary>
    /// <param name="command">The command line.</param>
    /// <param name="arguments">The program's arguments.</param>
    /// <param name="output">Takes the help that was asked for.</param>
    /// <param name="error">Takes what is wrong with the arguments, and then the help.</param>
    /// <returns>The action's exit code, or <see cref="WrongUsage"/>.</returns>
    public static async Task<int> RunAsync(RootCommand command, string[] arguments, TextWriter output, TextWriter error)
    {
        var result = command.Parse(arguments);
        var isWrong = result.Errors.Count > 0;
        var code = await result.InvokeAsync(new InvocationConfiguration
        {
            Output = isWrong ? error : output,
            Error = error,
            EnableDefaultExceptionHandler = false,
            ProcessTerminationTimeout = null, // Ctrl-C is the caller's
        });
        return isWrong ? WrongUsage : code;
    }

    /// <summary>Reads arguments without doing anything.</summary>
    /// <typeparam name="T">What the command line is read into.</typeparam>
    /// <param name="arguments">The program's arguments.</param>
    /// <param name="create">Makes the command line around an action.</param>
    /// <returns>What the action would be given.</returns>
    /// <exception cref="ArgumentException">The arguments are wrong; the message names each that is.</exception>
    public static T Parse<T>(string[] arguments, Func<Func<T, int>, RootCommand> create)
        where T : class
    {
        T? parsed = null;
        var command = create(line =>
        {
            parsed = line;
            return 0;
        });
        var result = command.Parse(arguments);
        if (result.Errors.Count > 0)
            throw new ArgumentException(string.Join('\n', result.Errors.Select(problem => problem.Message)));
        result.Invoke(new InvocationConfiguration { Output = TextWriter.Null, EnableDefaultExceptionHandler = false });
        return parsed ?? throw new ArgumentException("The arguments ask for help.");
    }

    // Files that are missing, locked or malformed: the message names them.
    private static int? ExitCode(Exception problem) =>
        problem is IOException or InvalidDataException or UnauthorizedAccessException ? Failed : null;
}
