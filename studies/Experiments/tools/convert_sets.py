"""Writes the tables of configurations/heldout.json: leaves.tsv.gz, reuters.tsv.gz, cells.tsv.gz.

    python convert_sets.py --leaves 100Leaves.mat --reuters reuters.mat --cells SNARE --out DIR

Each source is optional. Needs numpy and scipy. The README beside the runner says where the sources come from.
"""
import argparse
import gzip
import os

import numpy as np
import scipy.io as sio

TERMS = 2000  # most frequent terms of each language


def write(path, header, columns):
    """A table as the runner reads it; equal input gives equal bytes."""
    with gzip.GzipFile(path, 'wb', mtime=0) as file:
        file.write(('\t'.join(header) + '\n').encode())
        for row in zip(*columns):
            cells = (cell if isinstance(cell, str) else ' '.join('%.6g' % value for value in cell) for cell in row)
            file.write(('\t'.join(cells) + '\n').encode())


def views(path):
    """The views and labels of a .mat file with a cell array X and labels Y."""
    content = sio.loadmat(path)
    return content['X'].ravel(), [str(label) for label in content['Y'].ravel()]


def leaves(source, out):
    x, labels = views(source)
    # Shapes are of the order of 1e-3; in six digits they would lose some.
    write(os.path.join(out, 'leaves.tsv.gz'), ['label', 'margin', 'shape', 'texture'], [labels, x[0], x[1] * 1000, x[2]])


def reuters(source, out):
    x, labels = views(source)
    tables = []
    for triples in x[:2]:  # document, term, weight
        table = np.zeros((len(labels), int(triples[:, 1].max())))
        table[triples[:, 0].astype(int) - 1, triples[:, 1].astype(int) - 1] = triples[:, 2]
        frequent = np.sort(np.argsort(-(table != 0).sum(0), kind='stable')[:TERMS])
        tables.append(table[:, frequent])
    write(os.path.join(out, 'reuters.tsv.gz'), ['label', 'english', 'french'], [labels] + tables)


def cells(folder, out):
    atac = np.load(os.path.join(folder, 'SNAREseq_atac_feat.npy'))
    rna = np.load(os.path.join(folder, 'SNAREseq_rna_feat.npy'))
    with open(os.path.join(folder, 'SNAREseq_rna_types.txt')) as file:
        labels = file.read().split()
    write(os.path.join(out, 'cells.tsv.gz'), ['label', 'atac', 'rna'], [labels, atac / atac.sum(1, keepdims=True), rna])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--leaves', help='100Leaves.mat')
    parser.add_argument('--reuters', help='reuters.mat')
    parser.add_argument('--cells', help='folder of SNAREseq_atac_feat.npy, SNAREseq_rna_feat.npy and SNAREseq_rna_types.txt')
    parser.add_argument('--out', default='.', help='folder of the tables')
    arguments = parser.parse_args()
    os.makedirs(arguments.out, exist_ok=True)
    for source, convert in ((arguments.leaves, leaves), (arguments.reuters, reuters), (arguments.cells, cells)):
        if source:
            convert(source, arguments.out)


if __name__ == '__main__':
    main()
