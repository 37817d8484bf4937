Console.Error.WriteLine("usage: FreshProcess COMMAND");
return 2;
