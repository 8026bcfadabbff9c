"""Golden value of the deviation within modes, from numpy. Run: python tools/golden/mode_deviation.py (needs numpy)."""

import json
import pathlib

import numpy as np

OUT = pathlib.Path(__file__).parents[2] / "packages/metrics/src/golden/mode-deviation.json"
MEANS, DEVIATION = np.array([[0.0, 0.0], [2.0, 0.0], [0.0, 2.0]]), 0.25

rng = np.random.default_rng(3)
# One mode too narrow, one too wide with points beyond its disc, one of a single point.
modes = np.repeat([0, 1, 2], [12, 20, 1])
points = np.round(MEANS[modes] + rng.normal(size=(len(modes), 2)) * np.array([0.05, 0.4, 0.01])[modes, None], 4)

distances = np.linalg.norm(points[:, None] - MEANS, axis=-1)
nearest, is_good = distances.argmin(1), distances.min(1) < 3 * DEVIATION
good = [points[is_good & (nearest == mode)] for mode in range(len(MEANS))]
ratios = [np.sqrt(mode.var(0, ddof=1).mean()) / DEVIATION for mode in good if len(mode) > 1]

OUT.write_text(
    json.dumps(
        {
            "provenance": f"numpy {np.__version__}, tools/golden/mode_deviation.py",
            "means": MEANS.reshape(-1).tolist(),
            "standardDeviation": DEVIATION,
            "points": points.reshape(-1).tolist(),
            "goodCounts": [len(mode) for mode in good],
            "deviation": float(np.mean(ratios)),
        }
    )
    + "\n"
)
