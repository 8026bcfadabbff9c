"""Trains points with the released code of self-conditioned GANs on the CPU, to compare results with, not speed.

Run: python tools/bench/released_points.py CHECKOUT --data grid --clusterer online --every 1 --steps 40000 --seed 0
(needs torch, scipy, scikit-learn; CHECKOUT is stevliu/self-conditioned-gan at a12fc3a). Its training script runs as it
is; pictures and snapshots are left out, and what it measures every 1,000 steps is measured here, by the same rules, the
disc's, and how wide points lie within their modes, a line of JSON each. `every` is how often it clusters; 1 is what the
paper describes for online clustering. Its ring has a radius of 2.
"""

import argparse
import contextlib
import json
import os
import pathlib
import runpy
import sys
import tempfile

import numpy as np
import torch

from released_code import let_run_on_the_cpu, replace_module

parser = argparse.ArgumentParser()
parser.add_argument("checkout", type=pathlib.Path)
parser.add_argument("--data", choices=["grid", "ring"], default="grid")
parser.add_argument("--clusterer", choices=["selfcondgan", "online", "random_labels", "supervised"], default="selfcondgan")
parser.add_argument("--every", type=int, default=2000)
parser.add_argument("--steps", type=int, default=40000)
parser.add_argument("--seed", type=int, default=0)
options = parser.parse_args()


class EndOfTraining(Exception):
    """Raised at the last measure: the script itself knows whole epochs alone."""


measures = 0


def measure(points, var, means):
    """@returns what the script prints: share in a mode's box, modes by it, reverse KL in nats."""
    global measures
    offsets = points[:, None] - means
    squared = np.square(offsets).sum(-1)
    nearest = squared.argmin(1)
    in_box = (np.abs(offsets) < 3 * np.sqrt(var)).all(-1)
    in_disc = squared.min(1) < 9 * var
    shares = np.bincount(nearest, minlength=len(means)) / len(points)
    present = shares[shares > 0]
    kl = float((present * np.log(present * len(means))).sum())
    step = 1000 * measures
    measures += 1
    line = {"step": step, "box": float(in_box.any(1).mean()), "disc": float(in_disc.mean()), "reverseKl": kl}
    modes = [points[in_disc & (nearest == mode)] for mode in range(len(means))]
    widths = [np.sqrt(mode.var(0, ddof=1).mean() / var) for mode in modes if len(mode) > 1]
    line["deviation"] = float(np.mean(widths)) if widths else None
    line |= {"modesByBox": int(in_box.any(0).sum()), "modesByDisc": len(set(nearest[in_disc].tolist()))}
    print(json.dumps(line), flush=True)
    if step >= options.steps:
        raise EndOfTraining
    return line["box"], line["modesByBox"], kl


def grid(points, var):
    return measure(points, var, np.array([[2 * i - 4, 2 * j - 4] for i in range(5) for j in range(5)], dtype=float))


def ring(points, var):
    angles = np.arange(8) * np.pi / 4
    return measure(points, var, 2 * np.stack([np.sin(angles), np.cos(angles)], 1))


nothing = lambda *_, **__: None  # noqa: E731
replace_module("evaluation", percent_good_grid=grid, percent_good_ring=ring)
replace_module("visualizations", visualize_generated=nothing, visualize_clusters=nothing)
replace_module("pidfile", exit_if_job_done=nothing, mark_job_done=nothing)
torch.save = nothing
let_run_on_the_cpu(options.seed)

os.chdir(options.checkout / "2d_mix")
sys.path.insert(0, os.getcwd())
sys.argv = ["train.py", "--data_type", options.data, "--clusterer", options.clusterer]
sys.argv += ["--recluster_every", str(options.every), "--nepochs", str(options.steps // 1000 + 1)]
with tempfile.TemporaryDirectory() as folder, contextlib.suppress(EndOfTraining):
    sys.argv += ["--outdir", folder]
    runpy.run_path("train.py", run_name="__main__")
