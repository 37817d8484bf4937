namespace Experiments.Configuration;

/// <summary>The configuration is wrong; the message names file and key.</summary>
internal sealed class ConfigurationException(string message) : Exception(message);
