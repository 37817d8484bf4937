// Live tensors are counted over the whole process and libtorch's threads are shared: tests run one after another.
[assembly: DoNotParallelize]
