"""Golden values of the linear discriminant that tells CIFAR-10's classes, from scikit-learn.

Run: python tools/golden/class_discriminant.py (needs numpy, scikit-learn).
"""

import json
import pathlib

import numpy as np
import sklearn
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

OUT = pathlib.Path(__file__).parents[2] / "apps/self-conditioned-gan/test/golden/class-discriminant.json"
CLASSES, OF_EACH, FEATURES, SHRINKAGE = 3, 8, 4, 0.01


def matrix(array):
    return {"values": array.reshape(-1).tolist(), "rows": array.shape[0], "columns": array.shape[1]}


rng = np.random.default_rng(5)
ids = np.tile(np.arange(CLASSES), OF_EACH)
# Features that vary together, and classes that overlap: some samples are on the wrong side.
mixing = rng.normal(size=(FEATURES, FEATURES))
fitted = np.round(rng.normal(size=(len(ids), FEATURES)) @ mixing + 0.2 * rng.normal(size=(CLASSES, FEATURES))[ids], 3)
judged = np.round(rng.normal(size=(6, FEATURES)) @ mixing, 3)

model = LinearDiscriminantAnalysis(solver="lsqr", shrinkage=SHRINKAGE, priors=np.full(CLASSES, 1 / CLASSES))
model.fit(fitted, ids)

OUT.parent.mkdir(exist_ok=True)
OUT.write_text(
    json.dumps(
        {
            "provenance": f"scikit-learn {sklearn.__version__}, numpy {np.__version__}, tools/golden/class_discriminant.py",
            "fitted": matrix(fitted),
            "ids": ids.tolist(),
            "classes": CLASSES,
            "judged": matrix(judged),
            "logProbabilities": model.predict_log_proba(judged).reshape(-1).tolist(),
            "accuracy": model.score(fitted, ids),
        }
    )
    + "\n"
)
