"""Golden values of @divgen/random from jax.random. Run: python tools/golden/random_keys.py (needs jax)."""

import json
import pathlib

import jax
import numpy as np

jax.config.update("jax_threefry_partitionable", True)
OUT = pathlib.Path(__file__).parents[2] / "packages/random/src/golden/jax.json"


def case(seed: int) -> dict:
    key = jax.random.PRNGKey(seed)
    folded = jax.random.fold_in(key, 12345)
    return {
        "seed": seed,
        "keyWords": np.asarray(key).tolist(),
        "foldedWords": np.asarray(folded).tolist(),
        "bits": np.asarray(jax.random.bits(folded, (16,))).tolist(),
        "uniform": np.asarray(jax.random.uniform(folded, (16,))).astype(float).tolist(),
        "uniformMinus2To3": np.asarray(jax.random.uniform(folded, (16,), minval=-2.0, maxval=3.0)).astype(float).tolist(),
        "normal": np.asarray(jax.random.normal(folded, (16,))).astype(float).tolist(),
    }


def main() -> None:
    OUT.parent.mkdir(parents=True, exist_ok=True)
    golden = {"provenance": f"jax {jax.__version__}, tools/golden/random_keys.py", "cases": [case(s) for s in (0, 1, 42, 4294967295)]}
    OUT.write_text(json.dumps(golden, indent=1) + "\n")


if __name__ == "__main__":
    main()
