#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""How well a column of scores tells labelled rows from others.

    tests/bench/score.py SCORES LABELS

Both are CSV with a header and one row a sample; a file's last column counts. Labels
are 0 or 1. Prints both figures:

auc_pr  average precision, row by row.
vus_pr  the volume under the range-PR surface (Paparrizos et al., VLDB 2022): the area
        under the curve of precision and recall, in the mean over buffers of 0 to BUFFER_MAX
        rows. Within half a buffer before and after a labelled event a row counts for a
        part, the less the farther; and recall is that of the rows times the share of
        events in or near which any row was found.

Neither adjusts points: one lucky row never makes a whole event right.
"""
import sys

import numpy as np

BUFFER_MAX = 100
THRESHOLDS = 250


def events(label):
    """[(first row, row after the last)] of each run of ones."""
    edge = np.flatnonzero(np.diff(np.r_[0, label, 0]))
    return list(zip(edge[::2], edge[1::2]))


def auc_pr(label, score):
    order = np.argsort(-score, kind="stable")
    found = np.cumsum(label[order])
    # Rows of one score are found at once, in whatever order they come.
    last = np.r_[np.flatnonzero(np.diff(score[order])), len(score) - 1]
    precision = found[last] / (last + 1)
    recall = found[last] / found[-1]
    return float(np.sum(np.diff(np.r_[0, recall]) * precision))


def widen(label, spans, buffer):
    """The labels with slopes of half a buffer at both ends of each event."""
    n, half = len(label), buffer // 2
    wide = label.astype(float)
    if not half:
        return wide
    slope = np.sqrt(1 - np.arange(1, half + 1) / buffer)
    for begin, end in spans:
        after = min(half, n - end)
        before = min(half, begin)
        wide[end:end + after] += slope[:after]
        wide[begin - before:begin] += slope[:before][::-1]
    return np.minimum(wide, 1)


def merge(spans, half):
    """Events whose buffers touch are one."""
    merged = []
    for begin, end in spans:
        if merged and merged[-1][1] - 1 + half >= begin - half:
            merged[-1][1] = end
        else:
            merged.append([begin, end])
    return merged


def vus_pr(label, score):
    n, spans = len(label), events(label)
    order = np.argsort(-score, kind="stable")
    threshold = score[order][np.linspace(0, n - 1, THRESHOLDS).astype(int)]
    n_alarmed = np.searchsorted(-score[order], -threshold, side="right")
    n_inside = np.cumsum(label[order])[n_alarmed - 1]
    n_label = int(label.sum())
    volume = 0.0
    for buffer in range(BUFFER_MAX + 1):
        half = buffer // 2
        found = np.cumsum(widen(label, spans, buffer)[order])[n_alarmed - 1]
        # What was found outside the labels makes as much more to be found, halved: so the figure
        # lies between that of the labels alone and that of all slopes.
        to_find = n_label + (found - n_inside) / 2
        merged = merge(spans, half)
        peak = np.sort([score[max(begin - half, 0):end + half].max() for begin, end in merged])
        met = 1 - np.searchsorted(peak, threshold, side="left") / len(merged)
        recall = np.r_[0, np.minimum(found / to_find, 1) * met]
        volume += np.dot(np.diff(recall), found / n_alarmed)
    return float(volume / (BUFFER_MAX + 1))


def last_column(path):
    return np.loadtxt(path, delimiter=",", skiprows=1, ndmin=2)[:, -1]


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    score, label = last_column(sys.argv[1]), last_column(sys.argv[2]).astype(int)
    if len(score) != len(label) or not label.any() or label.all():
        sys.exit("score.py: as many scores as labels, and labels of both kinds are needed")
    print("auc_pr %.6f\nvus_pr %.6f" % (auc_pr(label, score), vus_pr(label, score)))


if __name__ == "__main__":
    main()
