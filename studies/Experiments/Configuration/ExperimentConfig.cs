using System.Text.Json;

namespace Experiments.Configuration;

/// <summary>The whole matrix: data sets x methods x pairs x seeds; README.md documents the keys.</summary>
internal sealed record ExperimentConfig(string File, IReadOnlyList<DataConfig> Data, IReadOnlyList<MethodConfig> Methods)
{
    public string Folder => Path.GetDirectoryName(Path.GetFullPath(File))!;

    public IReadOnlyList<RowCount> Pairs { get; init; } = [];

    public IReadOnlyList<RowCount> UnpairedCounts { get; init; } = [RowCount.All];

    public IReadOnlyList<int> Seeds { get; init; } = [];

    public IReadOnlyList<int> ValidationSeeds { get; init; } = [];

    /// <summary>Pairs with which candidates are compared; null: as <see cref="Pairs"/>.</summary>
    public IReadOnlyList<RowCount>? ValidationPairs { get; init; }

    public RowCount TestRows { get; init; } = RowCount.Parse("25%")!;

    public int SplitSeed { get; init; }

    /// <summary>Steps of the contrastive baseline; see <see cref="EqualPresentations"/>.</summary>
    public int Steps { get; init; }

    /// <summary>Whether a method with fewer pairs in a batch makes more steps, so that all see as many pairs.</summary>
    public bool EqualPresentations { get; init; }

    /// <summary>Most steps that equal presentations may lead to.</summary>
    public int MaximumSteps { get; init; }

    public int Threads { get; init; }

    /// <summary>Options of every method, set after its preset and before its own.</summary>
    public OptionOverrides Common { get; init; } = OptionOverrides.None;

    /// <summary>Method that differences are taken to.</summary>
    public string Baseline { get; init; } = "";

    /// <summary>Methods that have all pairs; there may be none.</summary>
    public IReadOnlyList<string> Ceilings { get; init; } = [];

    /// <exception cref="ConfigurationException">The file is no such configuration; the message names the key.</exception>
    public static ExperimentConfig Load(string file)
    {
        JsonDocument json;
        try
        {
            json = JsonDocument.Parse(System.IO.File.ReadAllText(file),
                new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
        }
        catch (JsonException problem)
        {
            throw new ConfigurationException($"{file}: not JSON: {problem.Message}");
        }

        using (json)
            return Read(file, new ConfigSection(file, "", json.RootElement.Clone()));
    }

    private static ExperimentConfig Read(string file, ConfigSection root)
    {
        DataConfig[] data = [.. root.Sections("data").Select(DataConfig.Read)];
        MethodConfig[] methods = [.. root.Sections("methods").Select(MethodConfig.Read)];
        var config = new ExperimentConfig(file, data, methods)
        {
            Pairs = root.OptionalCounts("pairs", 2) ?? throw root.Error("pairs", "the key is missing"),
            UnpairedCounts = root.OptionalCounts("unpairedRows", 0) ?? [RowCount.All],
            Seeds = root.OptionalWholes("seeds", 0) ?? throw root.Error("seeds", "the key is missing"),
            ValidationSeeds = root.OptionalWholes("validationSeeds", 0) ?? [],
            ValidationPairs = root.OptionalCounts("validationPairs", 2),
            TestRows = root.OptionalCount("testRows", 2) ?? RowCount.Parse("25%")!,
            SplitSeed = root.OptionalWhole("splitSeed", 0) ?? 1,
            Steps = root.OptionalWhole("steps", 1) ?? 500,
            EqualPresentations = root.Flag("equalPairPresentations", true),
            MaximumSteps = root.OptionalWhole("maximumSteps", 1) ?? int.MaxValue,
            Threads = root.OptionalWhole("threads", 1) ?? 1,
            Common = root.Overrides("common"),
            Baseline = root.OptionalText("baseline") ?? "Clip",
            Ceilings = root.OneOrMoreTexts("ceiling"),
        };
        root.Done();
        config.Check(root);
        return config;
    }

    private void Check(ConfigSection root)
    {
        CheckNames(root, "data", Data.Select(data => data.Name));
        CheckNames(root, "methods", Methods.Select(method => method.Name));
        if (Seeds.Intersect(ValidationSeeds).FirstOrDefault(-1) is var shared and >= 0)
            throw root.Error("validationSeeds", $"seed {shared} is also in seeds; settings chosen on it would have seen its pairs");
        for (var i = 0; i < Methods.Count; i++)
        {
            if (Methods[i].Data?.Except(Data.Select(data => data.Name)).FirstOrDefault() is { } unknown)
                throw root.Error($"methods[{i}].data", $"there is no data set \"{unknown}\"");
            if (Methods[i].Candidates.Count > 0 && ValidationSeeds.Count == 0)
                throw root.Error($"methods[{i}].candidates", "validationSeeds are missing, on which one would be chosen");
        }

        for (var i = 0; i < Data.Count; i++)
            if (Data[i].Foreign is { } foreign && (foreign == Data[i].Name || Data.All(data => data.Name != foreign)))
                throw root.Error($"data[{i}].foreign", $"expected the name of another data set, found \"{foreign}\"");
        CheckNames(root, "ceiling", Ceilings);
        foreach (var (key, name) in Ceilings.Select(ceiling => ("ceiling", ceiling)).Prepend(("baseline", Baseline)))
            if (Methods.All(method => method.Name != name))
                throw root.Error(key, $"there is no method \"{name}\"");
    }

    private static void CheckNames(ConfigSection root, string key, IEnumerable<string> names)
    {
        if (names.GroupBy(name => name).FirstOrDefault(group => group.Count() > 1) is { } twice)
            throw root.Error(key, $"the name \"{twice.Key}\" stands there twice");
    }

    /// <summary>Some of the data sets and methods; those that are compared with stay.</summary>
    /// <param name="data">Names of data sets, or null for all.</param>
    /// <param name="methods">Names of methods, or null for all.</param>
    /// <exception cref="ConfigurationException">There is none of a name.</exception>
    public ExperimentConfig Only(IReadOnlyList<string>? data, IReadOnlyList<string>? methods)
    {
        Check(data, [.. Data.Select(set => set.Name)], "--only-data");
        Check(methods, [.. Methods.Select(method => method.Name)], "--only-methods");
        return this with
        {
            Data = [.. Data.Where(set => data?.Contains(set.Name) ?? true)],
            Methods = [.. Methods.Where(method => (methods?.Contains(method.Name) ?? true) || method.Name == Baseline || Ceilings.Contains(method.Name))],
        };

        void Check(IReadOnlyList<string>? asked, IReadOnlyList<string> known, string option)
        {
            if (asked?.FirstOrDefault(name => !known.Contains(name)) is { } unknown)
                throw new ConfigurationException($"{File}: {option}: there is no '{unknown}'; expected some of {string.Join(", ", known)}.");
        }
    }
}
