"""Golden values of @divgen/feature-extractors: MobileNet V1 of Keras with seeded weights.

Run: python tools/golden/mobilenet.py (needs tensorflow; apart from the others, since torch and tensorflow clash in one
process).
"""

import importlib.metadata
import json
import os
import pathlib

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import tensorflow as tf

from seeded_numbers import seeded_array, seeded_image_array, unit

OUT = pathlib.Path(__file__).parents[2] / "packages/feature-extractors/src/golden/mobilenet.json"


def mobilenet() -> dict:
    net = tf.keras.applications.MobileNet(input_shape=(64, 64, 3), weights=None, include_top=False)
    shapes = {}
    for layer in net.layers:
        values = []
        for variable in layer.weights:
            part = variable.path.split("/")[-1]
            if isinstance(layer, tf.keras.layers.DepthwiseConv2D):
                part = "depthwise_kernel"
            name = f"{layer.name}/{part}"
            shapes[name] = list(variable.shape)
            values.append(keras_values(name, variable.shape))
        if values:
            layer.set_weights(values)
    images = seeded_image_array("mobilenet", 2, 64, 64)
    taps = ["conv1_relu", "conv_pw_3_relu", "conv_pw_12_relu", "conv_pw_13_relu"]
    model = tf.keras.Model(net.inputs, [net.get_layer(tap).output for tap in taps])
    outputs = model(images, training=False)
    means = {tap.removesuffix("_relu"): [float(f"{v:.7g}") for v in value.numpy().mean((1, 2)).reshape(-1)] for tap, value in zip(taps, outputs)}
    return {"shapes": shapes, "means": means}


def keras_values(name: str, shape) -> np.ndarray:
    """Kernels as PyTorch's rule gives them for [out, in, height, width], in Keras's order of axes."""
    if len(shape) == 4:
        height, width, inputs, outputs = shape
        torch_shape = (inputs, 1, height, width) if outputs == 1 else (outputs, inputs, height, width)
        values = seeded_array(name, torch_shape)
        return values.transpose(2, 3, 0, 1) if outputs == 1 else values.transpose(2, 3, 1, 0)
    u = unit(name, shape[0])
    positive = name.endswith("gamma") or name.endswith("moving_variance")
    return (0.5 + u if positive else 0.2 * u - 0.1).astype(np.float32)


def main() -> None:
    provenance = f"tensorflow-cpu {importlib.metadata.version('tensorflow-cpu')}, keras {tf.keras.__version__}, tools/golden/mobilenet.py"
    OUT.write_text(json.dumps({"provenance": provenance} | mobilenet()) + "\n")
    print(OUT, OUT.stat().st_size)


if __name__ == "__main__":
    main()
