if ((RuntimeCommands.Run(args) ?? ModelCommands.Run(args) ?? OnnxInputCommands.Run(args) ?? MemoryCommands.Run(args) ?? PictureCommands.Run(args)
    ?? PluginCommands.Run(args) ?? BesideTorchSharpCommands.Run(args)) is { } code)
    return code;
Console.Error.WriteLine("usage: FreshProcess COMMAND");
return 2;
