using TorchSharp;

namespace Microsoft.ML.GentleClip.Tests.Estimators;

/// <summary>The context's GPU settings, for Fit and for Load, and the number of threads. With a GPU the tests ask for one that is not there.</summary>
[TestClass]
public sealed class DeviceTests
{
    private readonly MLContext _mlContext = new(seed: 1);
    private readonly GentleClipOptions _options = TwoViews.Options(steps: 2);

    private static int MissingGpu => torch.cuda.is_available() ? torch.cuda.device_count() : 0;

    [TestMethod]
    public void AMissingGpuIsAnErrorThatNamesItWhereFallingBackIsNotAllowed()
    {
        (_mlContext.GpuDeviceId, _mlContext.FallbackToCpu) = (MissingGpu, false);
        var exception = Assert.ThrowsExactly<InvalidOperationException>(() => _mlContext.Transforms.GentleClip(_options).Fit(Data()));
        Assert.Contains($"Device 'cuda:{MissingGpu}' is not available", exception.Message);
        Assert.Contains("set MLContext.FallbackToCpu", exception.Message);
    }

    [TestMethod]
    public void AMissingGpuIsAWarningWhereItIs()
    {
        var log = new ContextLog(_mlContext);
        (_mlContext.GpuDeviceId, _mlContext.FallbackToCpu) = (MissingGpu, true);
        using var model = _mlContext.Transforms.GentleClip(_options).Fit(Data());
        var warning = Assert.ContainsSingle(log.Warnings);
        Assert.Contains($"Device 'cuda:{MissingGpu}' is not available", warning);
        Assert.Contains("The CPU is used instead.", warning);
        AssertOnCpu(model);
    }

    [TestMethod]
    public void TheSettingsAreReadAtFit()
    {
        var estimator = _mlContext.Transforms.GentleClip(_options);
        (_mlContext.GpuDeviceId, _mlContext.FallbackToCpu) = (MissingGpu, false);
        Assert.ThrowsExactly<InvalidOperationException>(() => estimator.Fit(Data()));
        _mlContext.GpuDeviceId = null;
        using var model = estimator.Fit(Data());
        AssertOnCpu(model);
    }

    [TestMethod]
    public void TheOptionsDeviceWins()
    {
        (_mlContext.GpuDeviceId, _mlContext.FallbackToCpu) = (MissingGpu, false);
        _options.Device = "cpu";
        using var model = _mlContext.Transforms.GentleClip(_options).Fit(Data());
        AssertOnCpu(model);

        _mlContext.GpuDeviceId = null;
        _options.Device = $"cuda:{MissingGpu + 1}";
        var exception = Assert.ThrowsExactly<InvalidOperationException>(() => _mlContext.Transforms.GentleClip(_options).Fit(Data()));
        Assert.Contains($"Device 'cuda:{MissingGpu + 1}' is not available", exception.Message);
    }

    [TestMethod]
    public void LoadHonoursTheSettingsOfItsContext()
    {
        using var model = _mlContext.Transforms.GentleClip(_options).Fit(Data());
        using var stream = new MemoryStream();
        _mlContext.Model.Save(model, Data().Schema, stream);

        var fallingBack = new MLContext { GpuDeviceId = MissingGpu, FallbackToCpu = true };
        var log = new ContextLog(fallingBack);
        using (var loaded = (IDisposable)fallingBack.Model.Load(stream, out _))
            AssertOnCpu((GentleClipTransformer)loaded);
        Assert.Contains(text => text.Contains($"Device 'cuda:{MissingGpu}' is not available", StringComparison.Ordinal), log.Warnings);

        var strict = new MLContext { GpuDeviceId = MissingGpu, FallbackToCpu = false };
        var exception = Assert.Throws<Exception>(() => strict.Model.Load(stream, out _));
        Assert.Contains($"Device 'cuda:{MissingGpu}' is not available", exception.ToString());
    }

    [TestMethod]
    public void TheNumberOfThreadsIsTheOptionsWhileTrainingAndTheOldOneAfterwards()
    {
        var before = torch.get_num_threads();
        try
        {
            torch.set_num_threads(2);
            var during = 0;
            _options.NumberOfThreads = 1;
            _options.Progress = new DirectProgress(_ => during = torch.get_num_threads());
            using (_mlContext.Transforms.GentleClip(_options).Fit(Data()))
                Assert.AreEqual((1, 2), (during, torch.get_num_threads()));

            _options.NumberOfThreads = null;
            using (_mlContext.Transforms.GentleClip(_options).Fit(Data()))
                Assert.AreEqual((2, 2), (during, torch.get_num_threads()));
        }
        finally
        {
            torch.set_num_threads(before);
        }
    }

    private static void AssertOnCpu(GentleClipTransformer model) =>
        Assert.IsTrue(model.Model.parameters().All(parameter => parameter.device_type == DeviceType.CPU));

    private IDataView Data() => _mlContext.Data.LoadFromEnumerable(TwoViews.Pairs(10, seed: 1));
}
