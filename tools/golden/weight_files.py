"""Golden files of @divgen/weight-files: safetensors, numpy and PyTorch files made by the libraries themselves.

Run: python tools/golden/weight_files.py (needs numpy, torch, safetensors).
"""

import base64
import collections
import io
import json
import os
import pathlib
import pickle

import numpy as np
import safetensors
import torch
from safetensors.torch import save

OUT = pathlib.Path(__file__).parents[2] / "packages/weight-files/src/golden/files.json"


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def described(tensors: dict) -> dict:
    """Shapes and values as plain numbers, for comparison."""
    return {
        name: {"shape": list(t.shape), "values": [float(v) for v in t.detach().to(torch.float64).reshape(-1)]}
        for name, t in tensors.items()
    }


def state_dict() -> dict:
    torch.manual_seed(3)
    base = torch.randn(4, 6)
    return collections.OrderedDict(
        [
            ("convolution.weight", torch.randn(2, 3, 2, 2)),
            ("convolution.bias", torch.nn.Parameter(torch.randn(2))),
            ("transposed", base.t()),
            ("slice", base[1:3, 2:5]),
            ("norm.num_batches_tracked", torch.tensor(7)),
            ("double", torch.randn(3, dtype=torch.float64)),
            ("half", torch.randn(5).half()),
            ("bfloat", torch.randn(5).bfloat16()),
            ("integers", torch.arange(-2, 3, dtype=torch.int32)),
            ("bytes", torch.arange(250, 256).to(torch.uint8)),
            ("empty", torch.zeros(0, 3)),
        ]
    )


def torch_file(value, zipped: bool) -> bytes:
    buffer = io.BytesIO()
    torch.save(value, buffer, _use_new_zipfile_serialization=zipped)
    return buffer.getvalue()


class Malicious:
    def __reduce__(self):
        return (os.system, ("echo owned",))


def halves() -> dict:
    values = [0.0, -0.0, 1.0, -2.5, 65504.0, 65519.99, 1e-8, 2.0**-24, 2.0**-25, 2.0**-25 * 1.0001, 2.0**-14, 6.1e-5,
              1 + 2.0**-11, 1 + 3 * 2.0**-11, 2047.5, 2048.5, 2049.0, 0.1, 1 / 3, -7.77e-6, 1.9999]
    array = np.array(values, dtype=np.float64)
    return {"values": values, "patterns": [int(v) for v in array.astype(np.float16).view(np.uint16)]}


def main() -> None:
    plain = {name: t.detach().contiguous() for name, t in state_dict().items()}
    floats = np.array([[1.5, -2.0, 3.25], [0.1, 1e30, -0.0]])
    arrays = {
        "mu": floats[0],
        "sigma": floats.astype(np.float32),
        "half": floats[:, :1].astype(np.float16),
        "n": np.array(400),
        "counts": np.array([1, -5, 2**31 - 1], dtype=np.int32),
        "images": np.arange(24, dtype=np.uint8).reshape(1, 2, 4, 3),
        "flags": np.array([True, False]),
        "columns": np.asfortranarray(np.arange(24, dtype=np.float32).reshape(2, 3, 4)),
    }
    npys = {}
    for name, array in arrays.items():
        buffer = io.BytesIO()
        np.save(buffer, array)
        npys[name] = {"file": b64(buffer.getvalue()), "shape": list(array.shape), "values": [float(v) for v in array.reshape(-1)]}
    stored, packed, objects, big = io.BytesIO(), io.BytesIO(), io.BytesIO(), io.BytesIO()
    np.savez(stored, **arrays)
    np.savez_compressed(packed, **arrays)
    np.save(objects, np.array([{}], dtype=object), allow_pickle=True)
    np.save(big, floats.astype(">f4"))
    state = state_dict()
    wrapped = {"epoch": 12, "state_dict": state, "notes": ["a", 1.5, True, None], "sizes": torch.Size([2, 3])}
    golden = {
        "provenance": f"numpy {np.__version__}, torch {torch.__version__}, safetensors {safetensors.__version__}, tools/golden/weight_files.py",
        "safetensors": {"file": b64(save(plain, metadata={"network": "tiny ✓"})), "tensors": described(plain)},
        "safetensorsWithoutHalf": b64(
            save({k: t for k, t in plain.items() if t.dtype not in (torch.float16, torch.bfloat16)}, metadata={"network": "tiny ✓"})
        ),
        "npy": npys,
        "npz": {"stored": b64(stored.getvalue()), "compressed": b64(packed.getvalue())},
        "refusedNpy": {"objects": b64(objects.getvalue()), "bigEndian": b64(big.getvalue())},
        "torch": {
            "zip": b64(torch_file(state, True)),
            "legacy": b64(torch_file(state, False)),
            "tensors": described(state),
            "wrappedZip": b64(torch_file(wrapped, True)),
            "wrappedLegacy": b64(torch_file(wrapped, False)),
            "wholeModule": b64(torch_file(torch.nn.Linear(2, 1), True)),
            "maliciousZip": b64(torch_file({"weight": Malicious()}, True)),
            "maliciousLegacy": b64(torch_file({"weight": Malicious()}, False)),
            "plainPickle": b64(pickle.dumps(Malicious())),
        },
        "half": halves(),
    }
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(json.dumps(golden) + "\n")
    print(OUT, OUT.stat().st_size)


if __name__ == "__main__":
    main()
