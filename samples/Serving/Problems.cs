namespace Serving;

/// <summary>The request is wrong; the message names the field, what was expected and what was found.</summary>
internal sealed class BadInputException(string message) : Exception(message);

/// <summary>The server takes no more at the moment.</summary>
internal sealed class BusyException(string message) : Exception(message);
