"""Golden values of the variants of @divgen/models-pix2pix: the classic networks of pix2pix, and the U-Net of BicycleGAN with
bilinear upsampling, as PyTorch modules written from their layer tables. Seeded random weights are exported beside outputs and
gradients.

Run: python tools/golden/pix2pix_variants.py (needs torch).
"""

import base64
import json
import pathlib

import torch
from torch import nn

OUT = pathlib.Path(__file__).parents[2] / "packages/models-pix2pix/src/golden/variants.json"
torch.set_default_dtype(torch.float64)


def ripple(shape: tuple[int, ...], phase: float) -> torch.Tensor:
    """The numbers of @divgen/tensor-testing's `ripple` at scale 0.9, rounded to float32 as tfjs holds them."""
    i = torch.arange(torch.Size(shape).numel())
    return (0.9 * torch.sin(0.7 * i + 0.05 * i * i + phase)).float().double().reshape(shape)


def images(batch: int, size: int, phase: float) -> torch.Tensor:
    return ripple((batch, size, size, 3), phase).permute(0, 3, 1, 2)


def up_layer(inputs: int, outputs: int, upsample: str, bias: bool) -> nn.Module:
    if upsample == "basic":
        return nn.ConvTranspose2d(inputs, outputs, 4, 2, 1, bias=bias)
    return nn.Sequential(
        nn.Upsample(scale_factor=2, mode="bilinear", align_corners=False),
        nn.ReflectionPad2d(1),
        nn.Conv2d(inputs, outputs, 3, bias=bias),
    )


class Unet(nn.Module):
    """Skips join the decoder's output (first) with what entered the level; latents enter at every level."""

    def __init__(self, downs: int, base: int, latent: int, upsample: str, affine: bool, inner_bias: bool) -> None:
        super().__init__()
        widths = [base * min(2**i, 8) for i in range(downs)]
        self.downs, self.latent = downs, latent
        for i, width in enumerate(widths):
            entering = (3 if i == 0 else widths[i - 1]) + latent
            last = i == downs - 1
            leaving = 3 if i == 0 else widths[i - 1]
            self.add_module(f"down{i + 1}", nn.Conv2d(entering, width, 4, 2, 1, bias=inner_bias))
            if 0 < i < downs - 1:
                self.add_module(f"down{i + 1}Norm", nn.InstanceNorm2d(width, affine=affine))
            up = up_layer(width if last else 2 * width, leaving, upsample, inner_bias or i == 0)
            self.add_module(f"up{i + 1}", up)
            if i > 0:
                self.add_module(f"up{i + 1}Norm", nn.InstanceNorm2d(leaving, affine=affine))

    def level(self, i: int, h: torch.Tensor, z: torch.Tensor) -> torch.Tensor:
        joined = torch.cat([h, z[:, :, None, None].expand(-1, -1, *h.shape[2:])], 1) if self.latent else h
        down = getattr(self, f"down{i + 1}")(joined if i == 0 else nn.functional.leaky_relu(joined, 0.2))
        if 0 < i < self.downs - 1:
            down = getattr(self, f"down{i + 1}Norm")(down)
        inner = down if i == self.downs - 1 else self.level(i + 1, down, z)
        up = getattr(self, f"up{i + 1}")(nn.functional.relu(inner))
        return torch.tanh(up) if i == 0 else torch.cat([getattr(self, f"up{i + 1}Norm")(up), h], 1)

    def forward(self, x: torch.Tensor, z: torch.Tensor) -> torch.Tensor:
        return self.level(0, x, z)


class Patch(nn.Module):
    """The 70 x 70 PatchGAN: norms with scale and offset, biases only where there is none."""

    def __init__(self, base: int) -> None:
        super().__init__()
        widths = [6, base, 2 * base, 4 * base, 8 * base, 1]
        for i, (entering, leaving) in enumerate(zip(widths, widths[1:])):
            normed = 0 < i < 4
            convolution = nn.Conv2d(entering, leaving, 4, 2 if i < 3 else 1, 1, bias=not normed)
            self.add_module(f"scale1_convolution{i + 1}", convolution)
            if normed:
                self.add_module(f"scale1_norm{i + 1}", nn.InstanceNorm2d(leaving, affine=True))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for i in range(5):
            x = getattr(self, f"scale1_convolution{i + 1}")(x)
            if 0 < i < 4:
                x = getattr(self, f"scale1_norm{i + 1}")(x)
            if i < 4:
                x = nn.functional.leaky_relu(x, 0.2)
        return x


def randomise(network: nn.Module, seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    for module in network.modules():
        for name, parameter in module.named_parameters(recurse=False):
            drawn = torch.randn(parameter.shape, generator=generator)
            is_scale = isinstance(module, nn.InstanceNorm2d) and name == "weight"
            drawn = 1 + 0.2 * drawn if is_scale else 0.2 * drawn
            parameter.data = drawn.float().double()


def exported(network: nn.Module, loss: torch.Tensor) -> dict:
    """Weights by divgen's names in tfjs's layout (float32, base64), and each gradient projected on cos(0.3 index)."""
    parameters = []
    for path, module in network.named_modules():
        for name, parameter in module.named_parameters(recurse=False):
            own = "scale" if name == "weight" else "offset"
            # "up2.2" is the convolution inside the bilinear layer.
            stem = path.split(".")[0].replace("_", ".")
            parameters.append((f"{stem}.{own if isinstance(module, nn.InstanceNorm2d) else name}", parameter))
    gradients = torch.autograd.grad(loss, [parameter for _, parameter in parameters])
    # [out, in, height, width], transposed [in, out, height, width], to [height, width, in, out] and [..., out, in].
    laid = lambda tensor: tensor.permute(2, 3, 1, 0) if tensor.ndim == 4 else tensor
    result = {}
    for (name, parameter), gradient in zip(parameters, gradients):
        flat = laid(gradient).reshape(-1)
        result[name] = {
            "float32": base64.b64encode(laid(parameter.data).float().contiguous().numpy().tobytes()).decode(),
            "gradient": float((flat * torch.cos(0.3 * torch.arange(flat.numel()))).sum()),
        }
    return result


def rounded(tensor: torch.Tensor) -> list[float]:
    return [float(f"{value:.8g}") for value in tensor.detach().permute(0, 2, 3, 1).reshape(-1).tolist()]


def unet_case(seed: int, size: int, latent: int, **options) -> dict:
    network = Unet(downs=size.bit_length() - 1, base=2, latent=latent, **options)
    randomise(network, seed)
    z = ripple((2, latent), 1.1)
    output = network(images(2, size, 0.3), z)
    loss = (output * images(2, size, 2.2)).sum()
    return {"output": rounded(output), "parameters": exported(network, loss)}


def patch_case(seed: int, size: int) -> dict:
    network = Patch(base=2)
    randomise(network, seed)
    output = network(torch.cat([images(2, size, 0.3), images(2, size, 0.9)], 1))
    return {"output": rounded(output), "parameters": exported(network, output.square().mean())}


def counts() -> dict:
    count = lambda network: sum(parameter.numel() for parameter in network.parameters())
    return {
        "classicUnet": count(Unet(8, 8, 0, "basic", affine=True, inner_bias=False)),
        "classicPatch": count(Patch(64)),
        "bilinearUnet": count(Unet(8, 64, 8, "bilinear", affine=False, inner_bias=True)),
    }


def main() -> None:
    golden = {
        "provenance": f"torch {torch.__version__} (float64), tools/golden/pix2pix_variants.py",
        "classicUnet": unet_case(1, 16, 0, upsample="basic", affine=True, inner_bias=False),
        "classicPatch": patch_case(2, 32),
        "bilinearUnet": unet_case(3, 16, 3, upsample="bilinear", affine=False, inner_bias=True),
        "counts": counts(),
    }
    OUT.write_text(json.dumps(golden) + "\n")


if __name__ == "__main__":
    main()
