// Two classes at once: most of what runs here is a program or a training on one thread, and trainings beside each other give the bits of one after
// another. What sets the process's folder or console, or reads its clocks, says DoNotParallelize and comes last.
[assembly: Parallelize(Workers = 2, Scope = ExecutionScope.ClassLevel)]
