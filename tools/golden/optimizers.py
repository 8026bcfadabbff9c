"""Golden values of @divgen/training: Adam of torch.optim. Run: python tools/golden/optimizers.py (needs torch)."""

import json
import pathlib

import torch

OUT = pathlib.Path(__file__).parents[2] / "packages/training/src/golden/adam.json"


def run(weight_decay: float, betas: tuple[float, float]) -> dict:
    torch.manual_seed(5)
    start = torch.randn(6)
    gradients = torch.randn(5, 6)
    parameter = torch.nn.Parameter(start.clone())
    optimizer = torch.optim.Adam([parameter], lr=0.02, betas=betas, eps=1e-8, weight_decay=weight_decay)
    path = []
    for gradient in gradients:
        parameter.grad = gradient.clone()
        optimizer.step()
        path.append(parameter.detach().tolist())
    return {
        "learningRate": 0.02,
        "firstMomentDecay": betas[0],
        "secondMomentDecay": betas[1],
        "weightDecay": weight_decay,
        "start": start.tolist(),
        "gradients": gradients.tolist(),
        "path": path,
    }


def main() -> None:
    OUT.parent.mkdir(parents=True, exist_ok=True)
    cases = [run(0.0, (0.5, 0.999)), run(0.1, (0.9, 0.999)), run(0.0, (0.0, 0.99))]
    OUT.write_text(json.dumps({"provenance": f"torch {torch.__version__}, tools/golden/optimizers.py", "cases": cases}, indent=1) + "\n")


if __name__ == "__main__":
    main()
