_ = new GentleClipOptions();   // the library first: it helps the load of the native files
TorchSharp.torch.Tensor a = TorchSharp.torch.ones(3), b = TorchSharp.torch.ones(3);
