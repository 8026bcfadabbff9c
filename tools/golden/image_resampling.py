"""Golden values of Pillow's resampler, for packages/image-files. Run: python tools/golden/image_resampling.py"""

import io
import json
import pathlib

import numpy as np
import PIL
from PIL import Image

FILTERS = {
    "box": Image.Resampling.BOX,
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
}
SIZES = [(7, 5), (20, 24), (13, 31), (9, 11), (1, 1), (24, 3)]  # width, height


def main() -> None:
    random = np.random.default_rng(5)
    width, height = 13, 11
    pixels = random.integers(0, 256, (height, width, 3), dtype=np.uint8)
    pixels[2:5, 3:7] = 255  # flat bright beside dark: overshoot is clipped
    pixels[5:8, 3:7] = 0
    values = random.normal(0, 1, (height, width)).astype(np.float32)
    cases = []
    for name, resampling in FILTERS.items():
        for size in SIZES:
            resized = np.asarray(Image.fromarray(pixels, "RGB").resize(size, resampling))
            resized_float = np.asarray(Image.fromarray(values, "F").resize(size, resampling))
            cases.append(
                {
                    "filter": name,
                    "width": size[0],
                    "height": size[1],
                    "pixels": resized.ravel().tolist(),
                    "values": [float(f"{v:.8g}") for v in resized_float.ravel()],
                }
            )
    nearest = [
        {
            "width": w,
            "height": h,
            "pixels": np.asarray(Image.fromarray(pixels[:, :, 0], "L").resize((w, h), Image.Resampling.NEAREST))
            .ravel()
            .tolist(),
        }
        for w, h in SIZES + [(26, 22), (4, 4)]
    ]
    grey = np.asarray(Image.fromarray(pixels, "RGB").convert("L")).ravel().tolist()

    indexed = {}
    for bits, limit in ((1, 2), (2, 4), (4, 13), (8, 200)):
        data = random.integers(0, limit, (6, 11), dtype=np.uint8)
        image = Image.fromarray(data, "P")
        image.putpalette([channel for entry in range(limit) for channel in (entry, 255 - entry, (entry * 7) % 256)])
        buffer = io.BytesIO()
        image.save(buffer, "PNG", bits=bits)
        indexed[str(bits)] = {"png": buffer.getvalue().hex(), "indices": data.ravel().tolist()}
    smooth = (np.add.outer(np.arange(40), np.arange(50)) * 2 % 256).astype(np.uint8)  # makes the encoder use filters
    buffer = io.BytesIO()
    Image.fromarray(smooth, "L").save(buffer, "PNG")
    indexed["grey"] = {"png": buffer.getvalue().hex(), "indices": smooth.ravel().tolist()}

    target = pathlib.Path(__file__).parents[2] / "packages/image-files/src/golden/image-resampling.json"
    target.write_text(
        json.dumps(
            {
                "provenance": f"tools/golden/image_resampling.py, Pillow {PIL.__version__}, numpy {np.__version__}",
                "width": width,
                "height": height,
                "pixels": pixels.ravel().tolist(),
                "values": values.ravel().astype(float).tolist(),
                "grey": grey,
                "cases": cases,
                "nearest": nearest,
                "indexedPngs": indexed,
            },
            separators=(",", ":"),
        )
        + "\n"
    )


if __name__ == "__main__":
    main()
