"""Golden values of @divgen/feature-extractors: VGG, AlexNet, SqueezeNet, LPIPS and Inception with seeded weights.

Run: python tools/golden/image_networks.py (needs torch, torchvision, lpips, pytorch_fid, torch_fidelity).
"""

import importlib.metadata
import json
import pathlib

import lpips
import torch
import torchvision
from torchvision.transforms.functional import normalize

from seeded_values import rounded, seed_module, seeded, seeded_images

OUT = pathlib.Path(__file__).parents[2] / "packages/feature-extractors/src/golden/image-networks.json"
MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def preprocess(images: torch.Tensor) -> torch.Tensor:
    return normalize((images + 1) / 2, MEAN, DEVIATION)


def pooled_taps(features: torch.nn.Sequential, inputs: torch.Tensor, taps: dict) -> dict:
    """Means over positions after the modules whose indices `taps` names."""
    means, value = {}, inputs
    for index, module in enumerate(features[: max(taps.values()) + 1]):
        value = module(value)
        for name, place in taps.items():
            if place == index:
                means[name] = rounded(value.mean((2, 3)))
    return means


def trunks() -> dict:
    images = seeded_images("trunks", 1, 37, 42)
    inputs = preprocess(images)
    golden = {}
    models = torchvision.models
    for name, build, taps in [
        ("vgg16", models.vgg16, {"relu1_2": 3, "relu3_3": 15, "relu5_3": 29}),
        ("vgg19", models.vgg19, {"relu2_2": 8, "relu4_4": 26, "relu5_4": 35}),
        ("alexnet", models.alexnet, {"relu1": 1, "relu3": 7, "relu5": 11}),
        ("squeezenet", models.squeezenet1_1, {"relu1": 1, "fire3": 4, "fire5": 7, "fire9": 12}),
    ]:
        # The classifiers' hundreds of megabytes play no part.
        net = torch.nn.Module()
        net.features = build(weights=None).features
        shapes = seed_module(net.eval())
        with torch.no_grad():
            golden[name] = {"shapes": shapes, "means": pooled_taps(net.features, inputs, taps)}
    average = models.vgg16(weights=None).features
    for index, module in enumerate(average):
        if isinstance(module, torch.nn.MaxPool2d):
            average[index] = torch.nn.AvgPool2d(2, 2)
    net = torch.nn.Module()
    net.features = average
    seed_module(net.eval())
    with torch.no_grad():
        golden["vgg16Average"] = pooled_taps(average, inputs, {"relu5_3": 29})
    return golden


def lpips_distances() -> dict:
    first, second = seeded_images("lpips-1", 2, 40, 44), seeded_images("lpips-2", 2, 40, 44)
    golden = {}
    for trunk in ("alex", "vgg", "squeeze"):
        # lpips 0.1.4 builds torchvision's networks; with pnet_rand they are not downloaded.
        metric = lpips.LPIPS(net=trunk, pretrained=False, pnet_rand=True, verbose=False).eval()
        reference = {"alex": torchvision.models.alexnet, "vgg": torchvision.models.vgg16, "squeeze": torchvision.models.squeezenet1_1}[trunk](weights=None)
        seeded_trunk = torch.nn.Module()
        seeded_trunk.features = reference.features
        shapes = seed_module(seeded_trunk)
        for slice_name, part in metric.net.named_children():
            for index, module in part.named_children():
                module.load_state_dict(reference.features[int(index)].state_dict())
        heads = {}
        for layer, head in enumerate(metric.lins):
            name = f"lin{layer}.model.1.weight"
            head.model[1].weight.data = seeded(name, head.model[1].weight.shape).abs()
            heads[name] = list(head.model[1].weight.shape)
        images = first.clone().requires_grad_()
        distances = metric(images, second)
        distances.sum().backward()
        gradient = images.grad.permute(0, 2, 3, 1).reshape(-1)
        # Sums of the gradient times cos(frequency * index): as telling as the gradient, and small.
        index = torch.arange(gradient.numel(), dtype=torch.float64)
        projections = [float((gradient.double() * torch.cos(f * index)).sum()) for f in (0.01, 0.3, 1.0)]
        golden[trunk] = {"shapes": shapes, "heads": heads, "distances": rounded(distances), "gradientProjections": projections}
    return golden


def main() -> None:
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in ("torch", "torchvision", "lpips"))
    golden = {"provenance": f"{versions}, tools/golden/image_networks.py", "trunks": trunks(), "lpips": lpips_distances()}
    OUT.write_text(json.dumps(golden) + "\n")
    print(OUT, OUT.stat().st_size)


if __name__ == "__main__":
    main()
