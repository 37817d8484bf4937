using System.Text;
using Microsoft.ML.GentleClip.Data;

namespace Microsoft.ML.GentleClip.Tests.Data;

[TestClass]
public sealed class FastaReaderTests
{
    private static (string[] Records, ProteinFileNotes Notes) Read(string text, FastaLoadOptions? options = null)
    {
        using var lines = new LineReader(new MemoryStream(Encoding.UTF8.GetBytes(text)), "file", FastaReader.MaximumLineLength, allowsZeros: true);
        var notes = new ProteinFileNotes("file");
        var reader = new FastaReader(lines, options ?? new(), notes);
        var records = new List<string>();
        while (reader.TryRead())
            records.Add($"{reader.Identifier}|{reader.Description}|{Encoding.ASCII.GetString(reader.Sequence)}");
        return ([.. records], notes);
    }

    private static string Sequences(string text, FastaLoadOptions? options = null) =>
        string.Join(' ', Read(text, options).Records.Select(record => $"{record.Split('|')[0]}:{record.Split('|')[^1]}"));

    [TestMethod]
    [DataRow("\n")]
    [DataRow("\r\n")]
    [DataRow("\r")]
    public void RecordsAreRead(string lineEnd) => CollectionAssert.AreEqual(
        new[] { "sp_P1|First one OS=Sébastien|MKVLAX", "two||ACDU", "two|again|BZ" },
        Read("; old comment\n\n> sp_P1  First one OS=Sébastien \nMKV\n\nL a x\n;note\n>two\nacdu*\n>two again\nBZ".Replace("\n", lineEnd)).Records);

    [TestMethod]
    public void AByteOrderMarkIsPassedOver() => Assert.AreEqual("a:M", Sequences("\uFEFF>a\nM"));

    [TestMethod]
    [DataRow(">g1 # 1 # 90\nMKVLA*\n>g2\nMA*\n", "g1:MKVLA g2:MA", DisplayName = "Prodigal")]
    [DataRow(">q/1-5\nMKV-LA..\n>h1/2-6\nMK-aVLA.\n", "q/1-5:MKVLA h1/2-6:MKAVLA", DisplayName = "a2m")]
    [DataRow("#6\t1\n>101\nMKVLAG\n>hit1\t80\t0.5\nMKVLAG\n", "101:MKVLAG hit1:MKVLAG", DisplayName = "a3m of ColabFold")]
    [DataRow("#6\t1\n>101\nMKV\n\0#6\t1\n>102\nMKL\n\0", "101:MKV 102:MKL", DisplayName = "a3m of several queries")]
    [DataRow(">a\nMKV\n>removed\n>b\nMAA\n", "a:MKV b:MAA", DisplayName = "an empty record")]
    [DataRow(">a\nMKV\n>b\n--\n>c\n*\n>d\nMAA\n", "a:MKV d:MAA", DisplayName = "records of gaps and stops alone")]
    [DataRow(";LCX1 - a protein\n;second comment\nMKV\nLA*\n;LCX2\nMA*\n", "LCX1:MKVLA LCX2:MA", DisplayName = "Pearson")]
    [DataRow(">a\n  1 MKVLA GGSSA 10\n 11 MK\n", "a:MKVLAGGSSAMK", DisplayName = "positions")]
    [DataRow(">a\nMK?VL\n>b\nMK~V\n", "a:MKXVL b:MKV", DisplayName = "unknown letters, gaps of GCG")]
    [DataRow(">a\nMKV\n\u001a", "a:MKV", DisplayName = "end of a DOS file")]
    [DataRow(">\nMKV\n>b\nMAA\n", ":MKV b:MAA", DisplayName = "no identifier")]
    [DataRow(">p1\nMKVLA\n>pseudo\nMK*VL*\n>p3\nMAA\n", "p1:MKVLA p3:MAA", DisplayName = "a stop inside")]
    [DataRow(">a\nMK*\n*\n>b\nM\n", "a:MK b:M", DisplayName = "stops at the end")]
    public void FilesAreReadAsProgramsWriteThem(string text, string expected) => Assert.AreEqual(expected, Sequences(text));

    [TestMethod]
    [DataRow(FastaStopHandling.LeaveOut, "c:M")]
    [DataRow(FastaStopHandling.Cut, "a:MK c:M")]
    [DataRow(FastaStopHandling.Unknown, "a:MKXXVL b:XM c:M")]
    public void InnerStopsHaveAChoice(FastaStopHandling handling, string expected)
    {
        const string Text = ">a\nMK*\n*VL*\n>b\n*M\n>c\nM*\n";
        Assert.AreEqual(expected, Sequences(Text, new() { InnerStops = handling }));
        Assert.AreEqual(2, Read(Text, new() { InnerStops = handling }).Notes[ProteinFileRemark.InnerStop]);
    }

    [TestMethod]
    [DataRow(FastaGapHandling.Strip, FastaInsertionHandling.Keep, "q:MKVLA h:MAKVL")]
    [DataRow(FastaGapHandling.Keep, FastaInsertionHandling.Keep, "q:M-KVLA h:MAKV-L")]
    [DataRow(FastaGapHandling.Keep, FastaInsertionHandling.Remove, "q:MKVLA h:MKV-L")]
    [DataRow(FastaGapHandling.Strip, FastaInsertionHandling.Remove, "q:MKVLA h:MKVL")]
    public void AlignmentsHaveAChoice(FastaGapHandling gaps, FastaInsertionHandling insertions, string expected) =>
        Assert.AreEqual(expected, Sequences(">q\nM.KVLA\n>h\nMaKV-L\n", new() { Gaps = gaps, Insertions = insertions }));

    [TestMethod]
    public void WhatWasChangedIsCounted() => Assert.AreEqual(
        "EmptyRecord 1, InnerStop 1, AlignedRecord 2, UnknownSign 1, PositionNumbers 1, RecordWithoutIdentifier 1",
        Read(">a\nM-K\n>b\nM..\n>c\n>d\nM*K\n>e\nM?\n>f\n1 M\n>\nM\n").Notes.ToString());

    [TestMethod]
    [DataRow("", "file: the file has no sequence.")]
    [DataRow("\n; nothing\n", "file: the file has no sequence.")]
    [DataRow("MKV\n>a\nM\n", "file, line 1: expected '>' before the first sequence, found 'MKV'.")]
    [DataRow("; note\n{\"a\": 1}\n", "file, line 2: expected '>' before the first sequence, found '{\"a\": 1}'.")]
    [DataRow(">a\nMKV>b\nMAA\n", "file, line 2: column 4 holds '>', expected a letter from A to Z.")]
    [DataRow(">a\nMK\nMK1V\n", "file, line 3: column 3 holds '1', expected a letter from A to Z.")]
    [DataRow(">a\nM[\n", "file, line 2: column 2 holds '[', expected a letter from A to Z.")]
    [DataRow(">a\nMé\n", "file, line 2: column 2 holds '?', expected a letter from A to Z.")]
    [DataRow(">a\nM\0K\n", "file, line 2: column 2 holds '?', expected a letter from A to Z.")]
    public void ErrorsNameFileLineAndReason(string text, string expected) =>
        Assert.AreEqual(expected, Assert.ThrowsExactly<InvalidDataException>(() => Read(text)).Message);

    [TestMethod]
    public void ADamagedRecordMayCostItselfAlone()
    {
        var (records, notes) = Read("junk\n>a\nMKV\n>b\nMK[\nMM\n>c\nMA", new() { BadFiles = BadFileHandling.Skip });
        CollectionAssert.AreEqual(new[] { "a||MKV", "c||MA" }, records);
        Assert.AreEqual(2, notes[ProteinFileRemark.BadRecord]);
        CollectionAssert.AreEqual(
            new[] { "file, line 1: expected '>' before the first sequence, found 'junk'.", "file, line 5: column 3 holds '[', expected a letter from A to Z." },
            notes.Details.ToArray());
    }
}
