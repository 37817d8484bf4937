Directory.CreateDirectory("pictures");
