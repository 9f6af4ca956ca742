#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Detectors on labelled series: what share of what experts marked they find, at which price.

    tests/bench/labelled.py DIR BUILD

DIR holds SERIES.train.csv.gz, SERIES.test.csv.gz and SERIES.labels.csv.gz (of the test rows);
BUILD is where selfhealctl and bench/ablation were built. Prints names and figures: means over
the series of a group, each the mean of SEEDS, of backtest with both detectors, of
scikit-learn's IsolationForest if it is installed, and of the judge without each of its parts.
"""
import glob
import io
import os
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"
try:
    import numpy as np
except ImportError:
    sys.exit("no numpy")
try:
    from sklearn.ensemble import IsolationForest
except ImportError:
    IsolationForest = None

sys.dont_write_bytecode = True
from score import auc_pr, last_column, vus_pr

SEEDS = (1, 2, 3)
GROUPS = {"smd": "machine-", "asd": "omi-"}  # the sets, and how their series are called


def run(*command):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def backtest(series, build, detector, seed):
    text = run(build + "/selfhealctl", "backtest", "--csv", series + ".test.csv.gz", "--train",
               series + ".train.csv.gz", "--detector", detector, "--seed", str(seed), "--format", "csv")
    return np.loadtxt(io.StringIO(text), delimiter=",", skiprows=1, usecols=1, dtype="f4")


def ablation(series, build, seed):
    text = run(build + "/bench/ablation", series + ".train.csv.gz", series + ".test.csv.gz", str(seed))
    names = text.split("\n", 1)[0].split(",")
    return dict(zip(names, np.loadtxt(io.StringIO(text), delimiter=",", skiprows=1, dtype="f4").T))


def reference(series, seed):
    train, test = (np.loadtxt("%s.%s.csv.gz" % (series, part), delimiter=",", skiprows=1, dtype="f4")
                   for part in ("train", "test"))
    forest = IsolationForest(n_estimators=100, max_samples=256, random_state=seed, n_jobs=1)
    return -forest.fit(train).score_samples(test)


def judge(job):
    """{method: (AUC-PR, VUS-PR)} of one series with one seed."""
    series, build, seed = job
    label = last_column(series + ".labels.csv.gz").astype(int)
    score = {name: backtest(series, build, name, seed) for name in ("judge", "forest")}
    score.update(ablation(series, build, seed))
    # Whose whole is not the judge says nothing of the judge.
    if not np.array_equal(score.pop("whole"), score["judge"]):
        score = {name: score[name] for name in ("judge", "forest")}
    if IsolationForest:
        score["sklearn"] = reference(series, seed)
    return {name: (auc_pr(label, values), vus_pr(label, values)) for name, values in score.items()}


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    folder, build = sys.argv[1:]
    with ProcessPoolExecutor() as pool:
        for group, prefix in GROUPS.items():
            series = sorted(path[:-len(".labels.csv.gz")]
                            for path in glob.glob("%s/%s*.labels.csv.gz" % (glob.escape(folder), prefix)))
            print("%s_series %d" % (group, len(series)))
            if not series:
                continue
            found = list(pool.map(judge, [(name, build, seed) for name in series for seed in SEEDS]))
            for method in set.intersection(*(set(one) for one in found)):
                for i, figure in enumerate(("auc_pr", "vus_pr")):
                    mean = np.mean([one[method][i] for one in found])
                    print("%s_%s_%s %.4f" % (method, group, figure, mean), flush=True)


if __name__ == "__main__":
    main()
