#!/usr/bin/env python3
"""Writes the protein chains of a folder of PDB and mmCIF files as a table, read with gemmi or Biopython.

    python3 structure_table.py gemmi FOLDER > table.tsv
    python3 structure_table.py biopython FOLDER > table.tsv

One line per chain: file, chain id, one-letter sequence of the residues with an alpha carbon, their numbers with commas between. A file that the
reader refuses has one line with 'ERROR' for the chain. `Microsoft.ML.GentleClip.Reliability structures` compares such a table with what this
library reads. Debian and Ubuntu have the readers as python3-gemmi and python3-biopython.
"""
import os
import sys

SUFFIXES = (".pdb", ".ent", ".cif", ".mmcif")


def best(residues):
    """Of residues at one place (microheterogeneity) the one whose alpha carbon has the highest occupancy, of equals the first."""
    return max(residues, key=lambda residue: residue[2])


def merged(rows):
    """Rows of (number, letter, occupancy) with one row per number."""
    places = {}
    for row in rows:
        places.setdefault(row[0], []).append(row)
    return [best(rows) for rows in places.values()]


def gemmi_chains(path):
    import gemmi

    structure = gemmi.read_structure(path)
    structure.setup_entities()
    for chain in structure[0]:
        rows = []
        for residue in chain.get_polymer():
            carbons = [atom for atom in residue if atom.name == "CA" and atom.element.name == "C"]
            if not carbons:
                continue
            letter = gemmi.find_tabulated_residue(residue.name).one_letter_code.upper()
            rows.append((str(residue.seqid), letter if letter.isalpha() else "X", max(atom.occ for atom in carbons)))
        if rows:
            yield chain.name, merged(rows)


def biopython_chains(path):
    import gzip
    import warnings

    from Bio.Data.SCOPData import protein_letters_3to1
    from Bio.PDB import MMCIFParser, PDBParser

    warnings.simplefilter("ignore")
    parser = MMCIFParser() if ".cif" in path or ".mmcif" in path else PDBParser()
    with gzip.open(path, "rt", errors="replace") if path.endswith(".gz") else open(path, errors="replace") as file:
        structure = parser.get_structure("x", file)
    for chain in next(iter(structure)):
        rows = []
        for residue in chain:
            if "CA" not in residue or residue["CA"].element == "CA":
                continue
            _, number, code = residue.id
            rows.append((f"{number}{code}".strip(), protein_letters_3to1.get(residue.resname.strip(), "X"), 1))
        if rows:
            yield chain.id, rows


def main():
    if len(sys.argv) != 3 or sys.argv[1] not in ("gemmi", "biopython"):
        sys.exit(__doc__)
    chains = gemmi_chains if sys.argv[1] == "gemmi" else biopython_chains
    for folder, _, names in sorted(os.walk(sys.argv[2])):
        for name in sorted(names):
            if not name.lower().removesuffix(".gz").endswith(SUFFIXES):
                continue
            path = os.path.join(folder, name)
            file = os.path.relpath(path, sys.argv[2])
            try:
                for chain, rows in list(chains(path)):
                    print(file, chain, "".join(row[1] for row in rows), ",".join(row[0] for row in rows), sep="\t")
            except Exception as problem:  # a reader's own choice of exceptions
                print(file, "ERROR", " ".join(str(problem).split()), "", sep="\t")


main()
