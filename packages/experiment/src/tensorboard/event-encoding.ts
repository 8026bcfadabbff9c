/** An image as TensorBoard has it: encoded PNG, with its size. */
export interface EventImage {
  readonly height: number;
  readonly width: number;
  /** 1 grey, 2 grey and alpha, 3 RGB, 4 RGBA. */
  readonly channels: number;
  readonly png: Uint8Array;
}

/** What an event of an event file says. */
export type EventContent =
  | { readonly kind: "file-version" }
  | { readonly kind: "session-start" }
  | { readonly kind: "scalar"; readonly tag: string; readonly value: number }
  | { readonly kind: "image"; readonly tag: string; readonly image: EventImage };

/**
 * The bytes of a `tensorflow.Event` protocol buffer, fields in ascending order and zeros left out, as the reference
 * serializers write them.
 *
 * @param wallTime - seconds since 1970.
 * @see tensorflow/core/util/event.proto and tensorflow/core/framework/summary.proto
 */
export function encodeEvent(wallTime: number, step: number, content: EventContent): Uint8Array {
  return message(doubleField(1, wallTime), varintField(2, step), contentField(content));
}

function contentField(content: EventContent): Uint8Array {
  switch (content.kind) {
    case "file-version":
      return bytesField(3, text("brain.Event:2"));
    case "session-start":
      // SessionLog.status = START: events of this step and later in earlier files are void.
      return bytesField(7, varintField(1, 1));
    case "scalar":
      return summary(bytesField(1, text(content.tag)), floatField(2, content.value));
    case "image": {
      const { height, width, channels, png } = content.image;
      const image = message(
        varintField(1, height),
        varintField(2, width),
        varintField(3, channels),
        bytesField(4, png),
      );
      return summary(bytesField(1, text(content.tag)), bytesField(4, image));
    }
  }
}

/** Event.summary with one value. */
function summary(...fields: Uint8Array[]): Uint8Array {
  return bytesField(5, bytesField(1, message(...fields)));
}

function message(...fields: Uint8Array[]): Uint8Array {
  return Buffer.concat(fields);
}

function text(value: string): Uint8Array {
  return Buffer.from(value, "utf8");
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  // Not by shifts, which would cut steps from 2^31 on.
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  bytes.push(rest);
  return bytes;
}

function varintField(field: number, value: number): Uint8Array {
  return Uint8Array.from(value === 0 ? [] : [...varint(field * 8), ...varint(value)]);
}

function bytesField(field: number, bytes: Uint8Array): Uint8Array {
  return Buffer.concat([Uint8Array.from([...varint(field * 8 + 2), ...varint(bytes.length)]), bytes]);
}

function doubleField(field: number, value: number): Uint8Array {
  const out = new Uint8Array(9);
  out[0] = field * 8 + 1;
  new DataView(out.buffer).setFloat64(1, value, true);
  return out;
}

/** Written even when it is zero: it is a member of a "oneof". */
function floatField(field: number, value: number): Uint8Array {
  const out = new Uint8Array(5);
  out[0] = field * 8 + 5;
  new DataView(out.buffer).setFloat32(1, value, true);
  return out;
}
