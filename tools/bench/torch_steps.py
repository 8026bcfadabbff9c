"""The training steps of cases.mjs in PyTorch: `python torch_steps.py CASE`.

Speaks the protocol of divgen_steps.mjs: lines "N" ask for N steps, answers are lines of JSON, "quit" ends it.
"""

import json
import math
import os
import resource
import sys
import time

import torch
import torch.nn.functional as F
import torchvision
from torch import nn
from torch_networks import Maxout, Patches, Unet, adam, discriminator_loss, generator_loss, uniform, update

THREADS = int(os.environ.get("BENCH_THREADS", "2"))
torch.set_num_threads(THREADS)
torch.manual_seed(1)


def dcgan(passes_shared=True):
    """Generated images are made once for both updates, or twice, as the release does."""
    ups = [
        layer
        for wide, narrow in ((512, 256), (256, 128), (128, 64))
        for layer in (nn.ConvTranspose2d(wide, narrow, 4, 2, 1), nn.BatchNorm2d(narrow), nn.ReLU())
    ]
    generator = nn.Sequential(
        nn.Linear(128, 8192), nn.Unflatten(1, (512, 4, 4)), *ups, nn.Conv2d(64, 3, 3, 1, 1), nn.Tanh()
    )
    downs = [
        layer
        for narrow, wide in ((3, 64), (64, 128), (128, 256), (256, 512))
        for layer in (nn.Conv2d(narrow, wide, 4, 2, 1), nn.BatchNorm2d(wide), nn.LeakyReLU(0.2))
    ]
    discriminator = nn.Sequential(*downs, nn.Flatten(), nn.Linear(2048, 1))
    generator_adam = adam(generator, 1e-4, 0.0, 0.99)
    discriminator_adam = adam(discriminator, 1e-4, 0.0, 0.99)
    real, latents = uniform(64, 3, 32, 32), torch.randn(64, 128)

    def step():
        fake = generator(latents)
        return updates(fake.detach(), lambda: fake)

    def step_as_released():
        with torch.no_grad():
            fake = generator(latents)
        return updates(fake, lambda: generator(latents))

    def updates(fake, generate):
        first = update(
            discriminator,
            discriminator_adam,
            lambda: discriminator_loss([discriminator(real)], [discriminator(fake)]),
        )
        second = update(generator, generator_adam, lambda: generator_loss([discriminator(generate())]), [discriminator])
        return first, second

    return step if passes_shared else step_as_released


def dcganAsReleased():
    return dcgan(passes_shared=False)


def unet256():
    generator = Unet(256, 64, nn.BatchNorm2d, 0)
    discriminator = Patches(64, 1, 3, nn.BatchNorm2d)
    generator_adam, discriminator_adam = adam(generator, 2e-4, 0.5), adam(discriminator, 2e-4, 0.5)
    condition, target = uniform(1, 3, 256, 256), uniform(1, 3, 256, 256)

    def step():
        kept = []

        def of_generator():
            kept.append(generator(condition))
            return generator_loss(discriminator(condition, kept[0])) + 100 * F.l1_loss(kept[0], target)

        first = update(generator, generator_adam, of_generator, [discriminator])
        fake = kept.pop().detach()
        second = update(
            discriminator,
            discriminator_adam,
            lambda: 0.5 * discriminator_loss(discriminator(condition, target), discriminator(condition, fake)),
        )
        return first, second

    return step


def mode_seeking(size, base, batch):
    generator = Unet(size, base, nn.InstanceNorm2d, 8)
    discriminator = Patches(base, 2, 3, nn.InstanceNorm2d)
    generator_adam, discriminator_adam = adam(generator, 2e-4, 0.5), adam(discriminator, 2e-4, 0.5)
    condition, target = uniform(batch, 3, size, size), uniform(batch, 3, size, size)
    twice, thrice = torch.cat([condition] * 2), torch.cat([condition] * 3)

    def square_error(logits, label):
        return sum((scale - label).square().mean() for scale in logits)

    def step():
        latents = torch.randn(2 * batch, 8)
        kept = []

        def of_generator():
            kept.append(generator(twice, latents))
            first, second = kept[0][:batch], kept[0][batch:]
            image_distance = (first - second).abs().mean()
            latent_distance = (latents[:batch] - latents[batch:]).abs().mean()
            mode_seeking = 1 / (image_distance / latent_distance + 1e-5)
            adversarial = 2 * square_error(discriminator(twice, kept[0]), 1)
            return adversarial + 10 * F.l1_loss(first, target) + mode_seeking

        first = update(generator, generator_adam, of_generator, [discriminator])
        fake = kept.pop().detach()

        def of_discriminator():
            logits = discriminator(thrice, torch.cat([fake, target]))
            return 2 * square_error([scale[: 2 * batch] for scale in logits], 0) + 2 * square_error(
                [scale[2 * batch :] for scale in logits], 1
            )

        return first, update(discriminator, discriminator_adam, of_discriminator)

    return step


def facades():
    return mode_seeking(64, 16, 4)


def modeSeeking256():
    return mode_seeking(256, 64, 1)


def points(passes_shared=True):
    """Generated points are made once for both updates, and judged with the real ones; or twice and apart, as the release does."""
    embedding = nn.Embedding(50, 32)
    hidden = [
        layer
        for inputs in (34, 400, 400, 400)
        for layer in (nn.Linear(inputs, 400), nn.BatchNorm1d(400), nn.ReLU())
    ]
    generator = nn.ModuleDict({"embedding": embedding, "layers": nn.Sequential(*hidden, nn.Linear(400, 2))})
    discriminator = nn.Sequential(Maxout(2, 200, 5), Maxout(200, 200, 5), Maxout(200, 200, 5), nn.Linear(200, 50))
    generator_adam, discriminator_adam = adam(generator, 1e-3, 0.8), adam(discriminator, 1e-3, 0.8)
    real, latents, rows = uniform(100, 2), torch.randn(100, 2), torch.arange(100)
    classes = rows % 50

    def generate():
        vectors = embedding(classes)
        vectors = vectors / vectors.norm(p=2, dim=1, keepdim=True)
        return generator["layers"](torch.cat([latents, vectors], 1))

    def judge(x):
        return [discriminator(x)[rows, classes]]

    def judge_both(x, y):
        logits = discriminator(torch.cat([x, y]))
        return [logits[:100][rows, classes]], [logits[100:][rows, classes]]

    def step():
        latents.copy_(torch.randn(100, 2))
        fake = generate()
        first = update(discriminator, discriminator_adam, lambda: discriminator_loss(*judge_both(real, fake.detach())))
        second = update(generator, generator_adam, lambda: generator_loss(judge(fake)), [discriminator])
        return first, second

    def step_as_released():
        with torch.no_grad():
            latents.copy_(torch.randn(100, 2))
            fake = generate()
        first = update(discriminator, discriminator_adam, lambda: discriminator_loss(judge(real), judge(fake)))
        second = update(generator, generator_adam, lambda: generator_loss(judge(generate())), [discriminator])
        return first, second

    return step if passes_shared else step_as_released


def pointsAsReleased():
    return points(passes_shared=False)


def vae():
    encoder = nn.Sequential(
        nn.Conv2d(1, 32, 3, 2), nn.ReLU(), nn.Conv2d(32, 64, 3, 2), nn.ReLU(), nn.Flatten(), nn.Linear(2304, 4)
    )
    decoder = nn.Sequential(
        nn.Linear(2, 1568),
        nn.ReLU(),
        nn.Unflatten(1, (32, 7, 7)),
        nn.ConvTranspose2d(32, 64, 3, 2, 1, 1),
        nn.ReLU(),
        nn.ConvTranspose2d(64, 32, 3, 2, 1, 1),
        nn.ReLU(),
        nn.ConvTranspose2d(32, 1, 3, 1, 1),
    )
    network = nn.ModuleList([encoder, decoder])
    optimizer = adam(network, 1e-4, 0.9)
    pixels = torch.relu(uniform(32, 1, 28, 28))

    def loss():
        mean, log_variance = encoder(pixels).chunk(2, 1)
        logits = decoder(mean + (log_variance / 2).exp() * torch.randn_like(mean))
        reconstruction = F.binary_cross_entropy_with_logits(logits, pixels, reduction="none").sum((1, 2, 3)).mean()
        kl = 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).sum(1).mean()
        return reconstruction + kl

    return lambda: (update(network, optimizer, loss),)


def extraction(network, size):
    """Features of eight images; the classifier is left out."""
    network.eval()
    images = uniform(8, 3, size, size)

    def step():
        with torch.inference_mode():
            return (network(images).mean(),)

    return step


def efficientnet():
    network = torchvision.models.efficientnet_b0()
    network.classifier = nn.Identity()
    return extraction(network, 224)


def inception():
    network = torchvision.models.inception_v3(init_weights=False, aux_logits=False)
    network.fc = nn.Identity()
    return extraction(network, 299)


def time_step(step):
    start, used = time.perf_counter(), time.process_time()
    values = [float(value) for value in step()]
    if not all(math.isfinite(value) for value in values):
        raise ValueError("a loss is not finite")
    return {"seconds": time.perf_counter() - start, "processor": time.process_time() - used}


def answer(value):
    print(json.dumps(value), flush=True)


if __name__ == "__main__":
    steps = [dcgan, dcganAsReleased, unet256, facades, modeSeeking256, points, pointsAsReleased, vae, efficientnet, inception]
    chosen = {step.__name__: step for step in steps}[sys.argv[1]]()
    answer({"ready": f"PyTorch {torch.__version__}"})
    for line in sys.stdin:
        if line.strip() == "quit":
            break
        answer({"steps": [time_step(chosen) for _ in range(int(line))]})
    answer({"peakBytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024})
