"""Golden values of @divgen/feature-extractors: Inception-V3 of pytorch-fid, torch-fidelity and torchvision,
with seeded weights.

Run: python tools/golden/inception.py (needs torch, torchvision, pytorch_fid, torch_fidelity).
"""

import importlib.metadata
import json
import pathlib
import tempfile

import numpy as np
import torch
import torchvision
from pytorch_fid import inception as pytorch_fid_inception
from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3

from seeded_numbers import unit
from seeded_values import rounded, seed_module

OUT = pathlib.Path(__file__).parents[2] / "packages/feature-extractors/src/golden/inception.json"
SHAPE = (1, 52, 60, 3)


def image_bytes() -> torch.Tensor:
    values = np.floor(256 * unit("inception", int(np.prod(SHAPE)))).astype(np.uint8).reshape(SHAPE)
    return torch.from_numpy(values).permute(0, 3, 1, 2).contiguous()


def fid() -> dict:
    skeleton = torchvision.models.inception_v3(num_classes=1008, aux_logits=False, weights=None, init_weights=False)
    shapes = seed_module(skeleton)
    state = skeleton.state_dict()
    pytorch_fid_inception.load_state_dict_from_url = lambda *args, **kwargs: state
    net = pytorch_fid_inception.InceptionV3([0, 1, 2, 3]).eval()
    with torch.no_grad():
        outputs = net(image_bytes().float() / 255)
    pytorch_fid = {name: rounded(value.mean((2, 3))) for name, value in zip(("pool1", "pool2", "mixed6e", "pooled"), outputs)}
    with tempfile.NamedTemporaryFile(suffix=".pth") as file:
        torch.save(state, file.name)
        names = ["64", "2048", "logits_unbiased", "logits"]
        fidelity = FeatureExtractorInceptionV3("inception", names, feature_extractor_weights_path=file.name)
        values = fidelity(image_bytes())
    torch_fidelity = {name: rounded(value) for name, value in zip(("pool1", "pooled", "logits-unbiased", "logits"), values)}
    return {"shapes": shapes, "pytorchFid": pytorch_fid, "torchFidelity": torch_fidelity}


def torchvision_variant() -> dict:
    net = torchvision.models.inception_v3(weights=None, init_weights=False, transform_input=True, aux_logits=False)
    shapes = seed_module(net.eval())
    images = image_bytes().float() / 255
    resized = torch.nn.functional.interpolate(images, (299, 299), mode="bilinear", align_corners=False)
    inputs = torchvision.transforms.functional.normalize(resized, (0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
    with torch.no_grad():
        return {"shapes": shapes, "logits": rounded(net(inputs))}


def main() -> None:
    packages = ("torch", "torchvision", "pytorch-fid", "torch-fidelity")
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in packages)
    golden = {
        "provenance": f"{versions}, tools/golden/inception.py",
        "fid": fid(),
        "torchvision": torchvision_variant(),
    }
    OUT.write_text(json.dumps(golden) + "\n")
    print(OUT, OUT.stat().st_size)


if __name__ == "__main__":
    main()
