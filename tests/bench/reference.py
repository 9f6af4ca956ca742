#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""CPU time of scikit-learn's IsolationForest, on the rows that `bench/forest rows SMALL BIG` wrote.

    tests/bench/reference.py SMALL BIG

One thread. Prints the figures of `bench/forest times`: to train on SMALL, to score one row
of it by itself, and to score each row of BIG, all in one call.
"""
import os
import sys
import time

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"
try:
    import numpy as np
    from sklearn.ensemble import IsolationForest
except ImportError:
    sys.exit("no scikit-learn")

SMALL_COLUMNS, BIG_COLUMNS = 16, 38  # as in bench_forest.c
TURNS = 5
ROWS = 30  # scored one by one


def new_forest():
    return IsolationForest(n_estimators=100, max_samples=256, random_state=1, n_jobs=1)


def cpu_us(work):
    begin = time.process_time()
    work()
    return (time.process_time() - begin) * 1e6


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    small = np.fromfile(sys.argv[1], "f4").reshape(-1, SMALL_COLUMNS)
    big = np.fromfile(sys.argv[2], "f4").reshape(-1, BIG_COLUMNS)
    fit_us = np.median([cpu_us(lambda: new_forest().fit(small)) for _ in range(TURNS)])
    forest = new_forest().fit(small)
    forest.score_samples(small[:1])  # the first call of all loads what the others have
    score_us = np.median([cpu_us(lambda: forest.score_samples(small[i:i + 1])) for i in range(ROWS)])
    forest = new_forest().fit(big)
    throughput_us = cpu_us(lambda: forest.score_samples(big)) / len(big)
    print("fit_us %.1f\nscore_us %.1f\nthroughput_us %.3f" % (fit_us, score_us, throughput_us))


if __name__ == "__main__":
    main()
