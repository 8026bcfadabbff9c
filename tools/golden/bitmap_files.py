"""BMP files and what Pillow reads in them, for packages/image-files. Run: python tools/golden/bitmap_files.py"""

import base64
import io
import json
import pathlib
import struct

import numpy as np
import PIL
from PIL import Image

WIDTH, HEIGHT = 7, 3  # no row fills whole words


def written_by_pillow(image: Image.Image) -> bytes:
    file = io.BytesIO()
    image.save(file, "BMP")
    return file.getvalue()


def by_hand(bits: int, rows: bytes, *, top_down: bool = False, masks: tuple[int, ...] = (), palette: bytes = b"") -> bytes:
    """A file with a header that Pillow does not write."""
    behind = struct.pack(f"<{len(masks)}I", *masks) + palette
    start = 14 + 40 + len(behind)
    height = -HEIGHT if top_down else HEIGHT
    header = struct.pack("<IiiHHIIiiII", 40, WIDTH, height, 1, bits, 3 if masks else 0, len(rows), 0, 0, len(palette) // 4, 0)
    return b"BM" + struct.pack("<IHHI", start + len(rows), 0, 0, start) + header + behind + rows


def core(rows: bytes, palette: bytes) -> bytes:
    start = 14 + 12 + len(palette)
    header = struct.pack("<IHHHH", 12, WIDTH, HEIGHT, 1, 8)
    return b"BM" + struct.pack("<IHHI", start + len(rows), 0, 0, start) + header + palette + rows


def main() -> None:
    random = np.random.default_rng(7)
    color = Image.fromarray(random.integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8))
    random_bytes = lambda count: random.integers(0, 256, count, dtype=np.uint8).tobytes()
    four_bits = random_bytes(HEIGHT * 4)
    files = {
        "1 bit": written_by_pillow(color.convert("1")),
        "8 bits, grey": written_by_pillow(color.convert("L")),
        "8 bits, palette": written_by_pillow(color.quantize(5)),
        "4 bits": by_hand(4, four_bits, palette=random_bytes(64)),
        "8 bits, OS/2 header": core(random_bytes(HEIGHT * 8), random_bytes(256 * 3)),
        "16 bits": by_hand(16, random_bytes(HEIGHT * 16)),
        "16 bits, masks": by_hand(16, random_bytes(HEIGHT * 16), masks=(0xF800, 0x7E0, 0x1F)),
        "24 bits": written_by_pillow(color),
        "24 bits, top down": by_hand(24, random_bytes(HEIGHT * 24), top_down=True),
        "32 bits": by_hand(32, random_bytes(HEIGHT * 28)),
        "32 bits, masks": by_hand(32, random_bytes(HEIGHT * 28), masks=(0xFF000000, 0xFF0000, 0xFF00)),
    }
    cases = []
    for name, data in files.items():
        image = Image.open(io.BytesIO(data)).convert("RGB")
        assert image.size == (WIDTH, HEIGHT)
        cases.append({"name": name, "file": base64.b64encode(data).decode(), "pixels": np.asarray(image).ravel().tolist()})
    provenance = f"tools/golden/bitmap_files.py, Pillow {PIL.__version__}, numpy {np.__version__}"
    golden = {"provenance": provenance, "width": WIDTH, "height": HEIGHT, "cases": cases}
    path = pathlib.Path(__file__).parents[2] / "packages/image-files/src/golden/bitmap-files.json"
    path.write_text(json.dumps(golden) + "\n")


if __name__ == "__main__":
    main()
