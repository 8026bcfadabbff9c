"""Golden bytes for packages/experiment/src/tensorboard, and a reader that checks what the package wrote.

    python tools/golden/tensorboard_events.py               writes packages/experiment/src/golden/tensorboard-events.json
    python tools/golden/tensorboard_events.py --read FOLDER  prints what TensorBoard reads in a folder, as JSON
"""

import base64
import io
import json
import sys
from pathlib import Path

import google.protobuf
import tensorboard
from tensorboard.backend.event_processing import event_accumulator, event_file_loader
from tensorboard.compat.proto import event_pb2, summary_pb2
from tensorboard.compat.tensorflow_stub import pywrap_tensorflow
from tensorboard.summary.writer.record_writer import RecordWriter

OUT = Path(__file__).parents[2] / "packages/experiment/src/golden/tensorboard-events.json"

# A 2 x 1 RGB picture: red, blue.
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAIAAAABCAIAAAB7QOjdAAAAD0lEQVR4nGP4z8DAwPAfAAcAAf9+CLHQAAAAAElFTkSuQmCC"
)


def events():
    yield "file version", event_pb2.Event(wall_time=1700000000.25, file_version="brain.Event:2")
    yield "session start", event_pb2.Event(
        wall_time=1700000000.25, step=301, session_log=event_pb2.SessionLog(status=event_pb2.SessionLog.START)
    )
    for step, tag, value in [
        (0, "losses/generator", 0.0),
        (1, "losses/generator", 0.1),
        (300, "méthode/σ", -2.5),
        (5_000_000_000, "losses/discriminator", 3.0e38),
    ]:
        yield f"scalar {tag} {value}", event_pb2.Event(
            wall_time=1700000001.5,
            step=step,
            summary=summary_pb2.Summary(value=[summary_pb2.Summary.Value(tag=tag, simple_value=value)]),
        )
    image = summary_pb2.Summary.Image(height=1, width=2, colorspace=3, encoded_image_string=PNG)
    yield "image", event_pb2.Event(
        wall_time=1700000002.0,
        step=128,
        summary=summary_pb2.Summary(value=[summary_pb2.Summary.Value(tag="samples/grid", image=image)]),
    )


class Sink(io.BytesIO):
    def close(self):
        pass


def write():
    from PIL import Image

    assert Image.open(io.BytesIO(PNG)).size == (2, 1)
    cases = []
    for name, event in events():
        sink = Sink()
        RecordWriter(sink).write(event.SerializeToString())
        cases.append({"name": name, "record": base64.b64encode(sink.getvalue()).decode()})
    checks = [b"", b"123456789", bytes(range(256)), b"\x00" * 32, b"\xff" * 32]
    golden = {
        "provenance": f"tensorboard {tensorboard.__version__} (event_pb2, record_writer, masked_crc32c), "
        f"protobuf {google.protobuf.__version__}, by tools/golden/tensorboard_events.py",
        "png": base64.b64encode(PNG).decode(),
        "records": cases,
        "maskedCrc32c": [
            {"bytes": base64.b64encode(data).decode(), "masked": pywrap_tensorflow.masked_crc32c(data)}
            for data in checks
        ],
    }
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(json.dumps(golden, indent=1, ensure_ascii=False) + "\n")
    print(f"{OUT}: {len(cases)} records")


def read(folder):
    """Curves and pictures as the TensorBoard server has them, after its purge of what a resumed run has replaced."""
    accumulator = event_accumulator.EventAccumulator(folder, size_guidance={"scalars": 0, "images": 0, "tensors": 0})
    accumulator.Reload()
    tags = accumulator.Tags()
    result = {"scalars": {}, "images": {}}
    for tag in tags["scalars"]:
        result["scalars"][tag] = [[e.step, e.value] for e in accumulator.Scalars(tag)]
    for tag in tags["images"]:
        result["images"][tag] = [[e.step, e.width, e.height] for e in accumulator.Images(tag)]
    result["records"] = sum(
        len(list(event_file_loader.EventFileLoader(str(path)).Load())) for path in sorted(Path(folder).glob("*tfevents*"))
    )
    print(json.dumps(result, ensure_ascii=False))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--read"]:
        read(sys.argv[2])
    else:
        write()
