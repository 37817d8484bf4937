using static Microsoft.ML.GentleClip.Tests.Weights.Checkpoints;

namespace Microsoft.ML.GentleClip.Tests.Weights;

/// <summary>Hostile pickles: refused with the reason, before anything is allocated or run.</summary>
[TestClass]
public sealed class PickleRefusalTests
{
    private const long Huge = 1L << 42;

    [TestMethod]
    [DataRow("os.system")]
    [DataRow("posix.system")]
    [DataRow("builtins.eval")]
    [DataRow("builtins.getattr")]
    [DataRow("__builtin__.exec")]
    [DataRow("subprocess.Popen")]
    [DataRow("numpy.core.multiarray._reconstruct")]
    [DataRow("torch._utils._rebuild_qtensor")]
    [DataRow("torch._utils._rebuild_tensor")]
    [DataRow("torch.nn.modules.linear.Linear")]
    [DataRow("torch.load")]
    [DataRow("torch.ComplexFloatStorage")]
    [DataRow("torch.storage.UntypedStorage")]
    [DataRow("collections.defaultdict")]
    [DataRow("functools.partial")]
    public void EveryOtherNameIsRefusedWithItsName(string name)
    {
        var refusal = $"it asks for '{name}', which is refused";
        AssertRefused(Zip($"{Start}{Global(name)}({Text("touch evil")}tR."), refusal);
        AssertRefused(Zip($"{Start}}}{Text("hidden")}{Global(name)}s."), refusal); // not even called
        var (module, last) = (name[..name.LastIndexOf('.')], name[(name.LastIndexOf('.') + 1)..]);
        AssertRefused(Zip($"\u0080\u0004{Text(module)}{Text(last)}\u0093."), refusal);
        AssertRefused([.. Legacy($"{Start}{Global(name)})R.")], refusal);
    }

    [TestMethod]
    public void ARefusalFitsOnALine() =>
        AssertRefused(Zip($"{Start}{Global("os." + new string('x', 100_000) + "\u0001")}."), "it asks for 'os.xxx");

    // Each is what follows the protocol.
    [TestMethod]
    [DataRow("", "cut off")]
    [DataRow("}", "cut off")]
    [DataRow(".", "ends with 0 values")]
    [DataRow("NN.", "ends with 2 values")]
    [DataRow("N(.", "ends with 1 values instead of one")]
    [DataRow("0.", "the stack is empty")]
    [DataRow("R.", "the stack is empty")]
    [DataRow("s.", "the stack is empty")]
    [DataRow("}(s.", "the stack is empty")]
    [DataRow("N(0.", "the stack is empty")]
    [DataRow("N(\u0085.", "the stack is empty")]
    [DataRow("q\0.", "the stack is empty")]
    [DataRow("t.", "a mark expected")]
    [DataRow("}u.", "a mark expected")]
    [DataRow("}(Nu.", "a key without a value")]
    [DataRow("N(NNu.", "a dictionary expected")]
    [DataRow("](N(NNu.", "a dictionary expected")]
    [DataRow("NNa.", "a list expected")]
    [DataRow("}(Ne.", "a list expected")]
    [DataRow("]]N\u0086(N\u0090.", "a set expected")]
    [DataRow("}]Ns.", "a key that can be compared expected")]
    [DataRow("}}Ns.", "a key that can be compared expected")]
    [DataRow("h\0.", "memo index 0 was never set")]
    [DataRow("j\0\0\0\u0080.", "memo index 2147483648 was never set")]
    [DataRow("Nr\0\0\0\u0080.", "memo index 2147483648 is larger than the pickle")]
    [DataRow("Nr\u00ff\u00ff\u00ff\u00ff.", "memo index 4294967295 is larger")]
    [DataRow("X\u00ff\u00ff\u00ff\u007f.", "2147483647 bytes announced")]
    [DataRow("X\u00ff\u00ff\u00ff\u00ff.", "4294967295 bytes announced")]
    [DataRow("\u008d\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff.", "18446744073709551615 bytes announced")]
    [DataRow("\u008e\0\0\0\0\0\u0001\0\0.", "1099511627776 bytes announced")]
    [DataRow("B\0\0\0\u0080.", "2147483648 bytes announced")]
    [DataRow("\u008b\u00ff\u00ff\u00ff\u00ff.", "4294967295 bytes announced")]
    [DataRow("\u0095\u00ff\0\0\0\0\0\0\0N.", "a frame is longer")]
    [DataRow("X\u0001\0\0\0\u00ff.", "not UTF-8")]
    [DataRow("cos", "a name has no end")]
    [DataRow("cos\nsystem", "a name has no end")]
    [DataRow("]]\u0093.", "two names expected")]
    [DataRow("NNQ.", "no storage of a tensor")]
    [DataRow("NQ.", "no storage of a tensor")]
    [DataRow(")Q.", "no storage of a tensor")]
    [DataRow("N)R.", "a name to call expected")]
    [DataRow("NNR.", "a tuple of arguments expected")]
    [DataRow("NNb.", "a dictionary expected")]
    [DataRow("}Nb.", "a dictionary of attributes expected")]
    [DataRow("P123\n.", "operation 0x50 is none")]
    [DataRow("i__main__\nx\n.", "operation 0x69 is none")]
    [DataRow("(o.", "operation 0x6f is none")]
    [DataRow("S'x'\n.", "operation 0x53 is none")]
    [DataRow("\u0082\u0001.", "operation 0x82 is none")]
    [DataRow("))}\u0092.", "operation 0x92 is none")]
    [DataRow("\u0097.", "operation 0x97 is none")]
    [DataRow("N2.", "operation 0x32 is none")]
    [DataRow("\u0080\u0006N.", "unknown protocol")]
    public void MalformedPicklesAreRefused(string pickle, string reason)
    {
        AssertRefused(Zip(Start + pickle), reason);
        AssertRefused(Zip(Start + pickle), "byte ");
    }

    [TestMethod]
    public void OtherProtocolsAreRefused()
    {
        foreach (var pickle in (string[])["", "N.", "(dp0\n.", "\u0080\u0001N.", "\u0080\u0006N."])
            AssertRefused(Zip(pickle), pickle.Length == 0 ? "cut off" : "no pickle of protocol 2 to 5");
    }

    [TestMethod]
    public void IntegersOfManyBytesAreRefused() =>
        AssertRefused(Zip($"{Start}\u008b{Number(1000, 4)}{new string('\u0001', 1000)}."), "an integer of 1000 bytes; 256 are allowed");

    [TestMethod]
    public void NamesAreNotCalledWithValuesOfOtherKinds()
    {
        foreach (var name in (string[])["torch.Size", "torch.FloatStorage", "torch.float32", "torch._utils._rebuild_parameter",
            "torch._utils._rebuild_tensor_v2", "collections.OrderedDict", "argparse.Namespace"])
            AssertRefused(Zip($"{Start}{Global(name)}NN\u0086R."), $"'{name}' is called with 2 values that do not belong to it");
        AssertRefused(Zip($"{Start}{Global("collections.OrderedDict")}]Na\u0085R."), "pairs of key and value expected");
        AssertRefused(Zip($"{Start}{Global("torch._utils._rebuild_tensor_v2")}({Storage()}{Integer(0)})){'\u0089'}N}}{Text("neg")}\u0088stR."),
            "a tensor with attributes");
    }

    [TestMethod]
    public void StoragesAreDescribedSoundly()
    {
        string Of(string storage) => Single(Tensor([1], [1], storage: storage));
        AssertRefused(Zip(Of(Storage(count: -1))), "has -1 elements");
        AssertRefused(Zip(Of(Storage(count: Huge))), "expected 4398046511104 elements of 4 bytes, found 24 bytes");
        AssertRefused(Zip(Of(Storage(count: long.MaxValue))), "expected 9223372036854775807 elements");
        AssertRefused(Zip(Of(Storage(count: 5))), "'x/data/0' expected 5 elements of 4 bytes, found 24 bytes");
        AssertRefused(Zip(Of(Storage(key: "7"))), "the member 'x/data/7' is missing");
        AssertRefused(Zip(Of(Storage(key: "../data.pkl", count: 2))), "the member 'x/data/../data.pkl' is missing");
        AssertRefused(Zip(Of(Storage(type: "torch.float32"))), "no storage of a tensor");
        AssertRefused(Zip(Of(Tuple(Text("module"), Text("a"), Text("b")) + "Q")), "no storage of a tensor");
        AssertRefused(Zip(Of(Tuple(Text("storage"), Global("torch.FloatStorage"), Text("0"), Text("cpu"), "G" + Number(0, 8)) + "Q")),
            "no storage of a tensor");
        AssertRefused(
            Zip(Of(Tuple(Text("storage"), Global("torch.FloatStorage"), Text("0"), Text("cpu"), Integer(6), Tuple(Text("9"), Integer(0), Integer(1))) + "Q")),
            "is a view of another one");
        AssertRefused(Zip($"{Start}}}({Text("a")}{Tensor([1], [1])}{Text("b")}{Tensor([1], [1], storage: Storage(type: "torch.IntStorage"))}u."),
            "6 of Float32 in one place and 6 of Int32 in another");
        AssertRefused(Zip(("x/data.pkl", Bytes(Of(Storage(type: "torch.BoolStorage", count: 1)))), ("x/data/0", [2])), "BOOL expects bytes 0 and 1");
    }

    [TestMethod]
    public void ViewsStayInsideOfTheirStorage()
    {
        AssertRefused(Zip(Single(Tensor([7], [1]))), "reaches element 6 of storage '0', which has 6");
        AssertRefused(Zip(Single(Tensor([6], [1], offset: 1))), "reaches element 6");
        AssertRefused(Zip(Single(Tensor([], [], offset: 6))), "reaches element 6");
        AssertRefused(Zip(Single(Tensor([2, 3], [4, 1]))), "reaches element 6");
        AssertRefused(Zip(Single(Tensor([2], [long.MaxValue]))), "larger than any memory");
        AssertRefused(Zip(Single(Tensor([Huge, Huge], [0, 0]))), "larger than any memory");
        AssertRefused(Zip(Single(Tensor([0, Huge, Huge], [1, 1, 1]))), "larger than any memory");
        AssertRefused(Zip(Single(Tensor([1], [1], offset: long.MaxValue))), "larger than any memory");
        AssertRefused(Zip(Single(Tensor([-1], [1]))), "whole numbers of 0 or more");
        AssertRefused(Zip(Single(Tensor([2], [-1], offset: 3))), "whole numbers of 0 or more");
        AssertRefused(Zip(Single(Tensor([1], [1], offset: -1))), "whole numbers of 0 or more");
        AssertRefused(Zip(Single(Tensor([1], [1, 1]))), "1 dimensions and 2 strides");
        AssertRefused(Zip(Single(Tensor(new long[65], new long[65]))), "65 dimensions");
    }

    [TestMethod]
    public void NothingIsAllocatedForClaimsThatTheFileDoesNotBearOut()
    {
        var managed = GC.GetAllocatedBytesForCurrentThread();
        var native = Environment.WorkingSet;
        AssertRefused(Zip(Single(Tensor([Huge / 16], [0]))), "more than 8 times the file's"); // one element, repeated: 1 TB
        AssertRefused(Zip(Single(Tensor([Huge], [1], storage: Storage(count: Huge)))), "more than 8 times the file's");
        AssertRefused(Zip($"{Start}}}({string.Concat(Enumerable.Range(0, 200).Select(i => Text("t" + i) + Tensor([6, 100_000], [1, 0])))}u."),
            "more than 8 times the file's");
        Assert.IsLessThan(20_000_000, GC.GetAllocatedBytesForCurrentThread() - managed);
        Assert.IsLessThan(100_000_000, Environment.WorkingSet - native);
    }

    [TestMethod]
    public void CirclesAndDeepNestingAreRefused()
    {
        AssertRefused(Zip($"{Start}}}q\0{Text("self")}h\0s."), "keys found: 'self'");
        AssertRefused(Zip($"{Start}}}q\0({Text("w")}{Tensor([6], [1])}{Text("self")}h\0u."), "'self.' is a dictionary that is reached twice");
        AssertRefused(Zip($"{Start}]q\0h\0a."), "found a list");
        const int Depth = 100_000;
        var deep = string.Concat(Enumerable.Repeat("}" + Text("d"), Depth)) + Tensor([6], [1]) + new string('s', Depth);
        AssertRefused(Zip($"{Start}}}({Text("w")}{Tensor([6], [1])}{Text("deep")}{deep}u."), "more than 16 levels deep");
        AssertRefused(Zip($"{Start}{new string(']', Depth)}{new string('a', Depth - 1)}."), "found a list");
        AssertRefused(Zip($"{Start}{new string('(', Depth)}{new string('t', Depth)}."), "found a tuple");
    }

    [TestMethod]
    public void LaughsAreNotMultiplied()
    {
        // every level holds the one before twice: 2^60 ways lead to the tensor
        var pickle = $"{Start}}}{Text("w")}{Tensor([6], [1])}sq\u0001"
            + string.Concat(Enumerable.Range(0, 60).Select(_ => $"0}}({Text("a")}h\u0001{Text("b")}h\u0001uq\u0001"));
        AssertRefused(Zip(pickle + "0h\u0001."), "keys found: 'a', 'b'");
        AssertRefused(Zip($"{pickle}0}}{Text("model")}h\u0001s."), "is a dictionary");
        // a long list is copied again and again
        var list = $"](" + string.Concat(Enumerable.Repeat("NN\u0086", 1000)) + "eq\u0002";
        AssertRefused(Zip($"{Start}{list}{Global("collections.OrderedDict")}q\u0003{string.Concat(Enumerable.Repeat("h\u0003h\u0002\u0085R", 1000))}."),
            "it copies more than it has");
        // names grow with their path
        AssertRefused(Zip($"{Start}}}{Text(new string('n', 1001))}{Tensor([6], [1])}s."), "a name of more than 1000 characters");
    }

    [TestMethod]
    public void LongPicklesAreRefused() =>
        AssertRefused(Zip(Start + new string('N', (16 << 20) - 1)), "16777217 bytes; 16777216 are allowed");

    [TestMethod]
    public void FilesInTheOldFormatAreRefusedInTheSameWay()
    {
        var good = Legacy(Single(Tensor([6], [1])));
        using (var tensors = Read(good))
            Assert.AreEqual(5, GoldenWeights.Doubles(tensors["w"])[5]);
        AssertRefused([.. good, 0], "1 bytes follow the last storage");
        AssertRefused(good[..^1], "23 bytes are left");
        AssertRefused(Legacy(Single(Tensor([6], [1])), count: 7), "has 7 elements where 6 are expected");
        AssertRefused(Legacy(Single(Tensor([6], [1])), count: -1), "has -1 elements");
        AssertRefused(Legacy(Single(Tensor([6], [1])), keys: $"{Start}]."), "32 bytes follow");
        AssertRefused(Legacy(Single(Tensor([6], [1])), keys: $"{Start}](e."), "32 bytes follow");
        AssertRefused(Legacy(Single(Tensor([6], [1])), keys: $"{Start}N."), "the list of storages is missing");
        AssertRefused(Legacy(Single(Tensor([6], [1])), keys: $"{Start}]({Text("0")}{Text("0")}e."), "names one twice");
        AssertRefused(Legacy(Single(Tensor([6], [1])), keys: $"{Start}]({Text("1")}e."), "one that no tensor uses");
        AssertRefused(Legacy(Single(Tensor([6], [1])), endian: "\u0089"), "little-endian");
        AssertRefused(Bytes(Start + "N."), "none that torch.save wrote");
        for (var length = 0; length < good.Length; length++)
            AssertRefused(good[..length], "");
    }

    /// <summary>The sequence of pickles that torch.save wrote before 1.6, with the storage "0".</summary>
    private static byte[] Legacy(string pickle, long count = 6, string? keys = null, string endian = "\u0088") =>
    [
        .. Bytes(Start + "\u008a\u000a" + string.Concat(Convert.FromHexString("6cfc9c46f9206aa85019").Select(value => (char)value)) + "."),
        .. Bytes($"{Start}M\u00e9\u0003."),
        .. Bytes($"{Start}}}{Text("little_endian")}{endian}s."),
        .. Bytes(pickle),
        .. Bytes(keys ?? $"{Start}]{Text("0")}a."),
        .. BitConverter.GetBytes(count),
        .. FirstSix,
    ];
}
