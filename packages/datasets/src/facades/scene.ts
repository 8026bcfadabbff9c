import type { RandomKey } from "@divgen/random";
import { type Canvas, createCanvas, fillBox, scaleTone, shadeBox, type Tone } from "./canvas.ts";
import { createDraws } from "./draws.ts";
import type { FacadeLayout } from "./facade-layout.ts";
import type { FacadeStyle } from "./facade-style.ts";
import type { PixelBox } from "./place-parts.ts";

/** What every painter needs to know about the picture it paints in. */
export interface Scene {
  readonly canvas: Canvas;
  readonly layout: FacadeLayout;
  /** The style with this picture's own slight shift of hue and brightness. */
  readonly style: FacadeStyle;
  /** Canvas pixels in a pixel of the finished picture. */
  readonly oversampling: number;
  /** Where the noise tables are read from. */
  readonly noiseX: number;
  readonly noiseY: number;
  /** 1 when the sun stands on the left, so that shadows fall to the right; -1 the other way. */
  readonly sun: 1 | -1;
  /** Length of a shadow of a body that stands out by 1, to the side and down. */
  readonly shadowSlope: number;
}

/** Slight differences between pictures of one style: hue, brightness, sun. */
export function createScene(
  layout: FacadeLayout,
  style: FacadeStyle,
  size: number,
  oversampling: number,
  key: RandomKey,
): Scene {
  const draws = createDraws(key);
  const brightness = draws.between(0.92, 1.06);
  const warmth = draws.between(-0.035, 0.035);
  const tint = draws.between(-0.02, 0.02);
  const shift = ([red, green, blue]: Tone): Tone => [
    red * brightness * (1 + warmth),
    green * brightness * (1 + tint),
    blue * brightness * (1 - warmth),
  ];
  return {
    canvas: createCanvas(size * oversampling),
    layout,
    style: { ...style, wall: shift(style.wall), joint: shift(style.joint), trim: shift(style.trim) },
    oversampling,
    noiseX: draws.integer(0, 255),
    noiseY: draws.integer(0, 255),
    sun: draws.chance(0.5) ? 1 : -1,
    shadowSlope: draws.between(0.6, 1.1),
  };
}

/** Canvas pixels of a length in pixels of a picture of 256 pixels a side, at least `least`. */
export function canvasLength({ canvas }: Scene, length: number, least = 1): number {
  return Math.max(least, Math.round((length * canvas.size) / 256));
}

/** Darkens what lies below and beside a box that stands out by `depth` canvas pixels, with a soft edge. */
export function castShadow(scene: Scene, box: PixelBox, depth: number): void {
  const { canvas, style, sun, shadowSlope } = scene;
  const down = Math.max(1, Math.round(depth));
  const aside = Math.round(depth * shadowSlope) * sun;
  const factor = 1 - style.shadow;
  const below = { left: box.left + aside, right: box.right + aside, top: box.bottom, bottom: box.bottom + down };
  shadeBox(canvas, below, factor, 1 - style.shadow * 0.55);
  const [left, right] = sun > 0 ? [box.right, box.right + aside] : [box.left + aside, box.left];
  shadeBox(canvas, { left, right, top: box.top + down, bottom: box.bottom }, factor);
  const fringe = Math.max(1, Math.round(depth * 0.35));
  shadeBox(canvas, { ...below, top: below.bottom, bottom: below.bottom + fringe }, 1 - style.shadow * 0.3, 1);
}

/** A block with bright upper and sunlit edges and dark lower and shaded ones. */
export function paintRelief(scene: Scene, box: PixelBox, color: Tone, bevel: number): void {
  const { canvas, sun } = scene;
  fillBox(canvas, box, color);
  const edge = Math.min(bevel, Math.floor((box.bottom - box.top) / 2), Math.floor((box.right - box.left) / 2));
  if (edge < 1) return;
  const sunny = { ...box, ...(sun > 0 ? { right: box.left + edge } : { left: box.right - edge }) };
  const shaded = { ...box, ...(sun > 0 ? { left: box.right - edge } : { right: box.left + edge }) };
  fillBox(canvas, sunny, scaleTone(color, 1.08));
  fillBox(canvas, shaded, scaleTone(color, 0.82));
  fillBox(canvas, { ...box, bottom: box.top + edge }, scaleTone(color, 1.14));
  fillBox(canvas, { ...box, top: box.bottom - edge }, scaleTone(color, 0.7));
}
