import type { PixelBox } from "./place-parts.ts";

/** Red, green, blue; 0 is black, 1 is white, display-referred (no gamma to apply). Values may leave [0, 1] in between. */
export type Tone = readonly [red: number, green: number, blue: number];

/** A square picture under construction: size * size * 3 values. */
export interface Canvas {
  readonly size: number;
  readonly values: Float32Array;
}

export function createCanvas(size: number): Canvas {
  return { size, values: new Float32Array(size * size * 3) };
}

/** The tone times a factor. */
export function scaleTone([red, green, blue]: Tone, factor: number): Tone {
  return [red * factor, green * factor, blue * factor];
}

/** (1 - share) * first + share * second. */
export function mixTones(first: Tone, second: Tone, share: number): Tone {
  return [
    first[0] + (second[0] - first[0]) * share,
    first[1] + (second[1] - first[1]) * share,
    first[2] + (second[2] - first[2]) * share,
  ];
}

/** The part of a box that lies on the canvas. */
export function clipBox({ size }: Canvas, box: PixelBox): PixelBox {
  return {
    left: Math.max(0, box.left),
    top: Math.max(0, box.top),
    right: Math.min(size, box.right),
    bottom: Math.min(size, box.bottom),
  };
}

/** The box made smaller by the given numbers of pixels on each side. */
export function insetBox(box: PixelBox, horizontal: number, vertical: number = horizontal): PixelBox {
  return {
    left: box.left + horizontal,
    top: box.top + vertical,
    right: box.right - horizontal,
    bottom: box.bottom - vertical,
  };
}

/** Fills a box with one tone. */
export function fillBox(canvas: Canvas, box: PixelBox, tone: Tone): void {
  fillGradient(canvas, box, tone, tone);
}

/** Fills a box with a gradient from top to bottom. */
export function fillGradient(canvas: Canvas, box: PixelBox, top: Tone, bottom: Tone): void {
  const { size, values } = canvas;
  const clipped = clipBox(canvas, box);
  const height = Math.max(1, box.bottom - box.top - 1);
  for (let row = clipped.top; row < clipped.bottom; row++) {
    const share = (row - box.top) / height;
    const red = top[0] + (bottom[0] - top[0]) * share;
    const green = top[1] + (bottom[1] - top[1]) * share;
    const blue = top[2] + (bottom[2] - top[2]) * share;
    let position = (row * size + clipped.left) * 3;
    for (let column = clipped.left; column < clipped.right; column++) {
      values[position++] = red;
      values[position++] = green;
      values[position++] = blue;
    }
  }
}

/** Multiplies a box by a factor that runs from `top` to `bottom`. */
export function shadeBox(canvas: Canvas, box: PixelBox, top: number, bottom: number = top): void {
  const { size, values } = canvas;
  const clipped = clipBox(canvas, box);
  const height = Math.max(1, box.bottom - box.top - 1);
  for (let row = clipped.top; row < clipped.bottom; row++) {
    const factor = top + ((bottom - top) * (row - box.top)) / height;
    const end = (row * size + clipped.right) * 3;
    for (let position = (row * size + clipped.left) * 3; position < end; position++) values[position]! *= factor;
  }
}

/** Lays a tone over a box; `alpha` 1 covers it. */
export function blendBox(canvas: Canvas, box: PixelBox, tone: Tone, alpha: number): void {
  const { size, values } = canvas;
  const clipped = clipBox(canvas, box);
  for (let row = clipped.top; row < clipped.bottom; row++) {
    let position = (row * size + clipped.left) * 3;
    for (let column = clipped.left; column < clipped.right; column++) {
      for (let channel = 0; channel < 3; channel++, position++) {
        values[position]! += (tone[channel]! - values[position]!) * alpha;
      }
    }
  }
}
