namespace Microsoft.ML.GentleClip.Benchmarks;

/// <summary>A figure could not be had.</summary>
internal sealed class MeasurementException(string message) : Exception(message);
