"""Networks and losses of the steps that `torch_steps.py` times, as PyTorch's users write them."""

import math

import torch
import torch.nn.functional as F
from torch import nn


def uniform(*shape):
    return torch.rand(*shape) * 2 - 1


def adam(network, rate, beta1, beta2=0.999):
    return torch.optim.Adam(network.parameters(), rate, (beta1, beta2))


def generator_loss(logits):
    return sum(F.softplus(-scale).mean() for scale in logits)


def discriminator_loss(real, fake):
    return sum(F.softplus(-scale).mean() for scale in real) + sum(F.softplus(scale).mean() for scale in fake)


def update(network, optimizer, loss, others=()):
    """One update of a network; the parameters of the others get no gradients."""
    for other in others:
        other.requires_grad_(False)
    optimizer.zero_grad()
    value = loss()
    value.backward()
    optimizer.step()
    for other in others:
        other.requires_grad_(True)
    return value.detach()


class Unet(nn.Module):
    """The U-Net of pix2pix and BicycleGAN; `noise` channels enter every down-convolution."""

    def __init__(self, size, base, norm, noise):
        super().__init__()
        count = int(math.log2(size))
        widths = [base * min(2**level, 8) for level in range(count)]
        self.downs, self.down_norms, self.ups, self.up_norms = (nn.ModuleList() for _ in range(4))
        for level, width in enumerate(widths):
            entering = widths[level - 1] if level else 3
            leaving = widths[level - 1] if level else 3
            innermost = level == count - 1
            self.downs.append(nn.Conv2d(entering + noise, width, 4, 2, 1))
            self.down_norms.append(nn.Identity() if level == 0 or innermost else norm(width))
            self.ups.append(nn.ConvTranspose2d(width if innermost else 2 * width, leaving, 4, 2, 1))
            self.up_norms.append(nn.Identity() if level == 0 else norm(leaving))

    def forward(self, x, noise=None):
        return torch.tanh(self.level(x, noise, 0))

    def level(self, h, noise, index):
        joined = h
        if noise is not None:
            planes = noise[:, :, None, None].expand(-1, -1, h.shape[2], h.shape[3])
            joined = torch.cat([h, planes], 1)
        down = self.downs[index](F.leaky_relu(joined, 0.2) if index else joined)
        down = self.down_norms[index](down)
        inner = down if index == len(self.downs) - 1 else self.level(down, noise, index + 1)
        up = self.up_norms[index](self.ups[index](F.relu(inner)))
        return up if index == 0 else torch.cat([up, h], 1)


class Patches(nn.Module):
    """The PatchGAN at one or more scales."""

    def __init__(self, base, scales, strided, norm):
        super().__init__()
        self.nets = nn.ModuleList()
        for scale in range(scales):
            layers, channels = [], 6
            for index in range(strided + 1):
                width = base // 2**scale * min(2**index, 8)
                layers.append(nn.Conv2d(channels, width, 4, 2 if index < strided else 1, 1))
                layers += [norm(width)] if index else []
                layers.append(nn.LeakyReLU(0.2))
                channels = width
            self.nets.append(nn.Sequential(*layers, nn.Conv2d(channels, 1, 4, 1, 1)))

    def forward(self, condition, image):
        x = torch.cat([condition, image], 1)
        logits = []
        for scale, net in enumerate(self.nets):
            if scale:
                x = F.avg_pool2d(x, 3, 2, 1, count_include_pad=False)
            logits.append(net(x))
        return logits


class Maxout(nn.Module):
    def __init__(self, inputs, outputs, pieces):
        super().__init__()
        self.linear, self.pieces = nn.Linear(inputs, outputs * pieces), pieces

    def forward(self, x):
        return self.linear(x).view(x.shape[0], -1, self.pieces).max(2)[0]
