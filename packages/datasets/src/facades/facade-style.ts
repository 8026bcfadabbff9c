import type { Tone } from "./canvas.ts";

/** What a wall is made of. */
export type WallMaterial =
  | "brick"
  | "plaster"
  | "curtain-wall"
  | "rusticated-stucco"
  | "concrete"
  | "clapboard"
  | "ivy"
  | "ashlar"
  | "timber";

/** The look of a facade: everything that a label map leaves open. */
export interface FacadeStyle {
  /** Number of the style, 0 .. 9. */
  readonly id: number;
  readonly name: string;
  /** Share of the pictures. */
  readonly weight: number;
  readonly material: WallMaterial;
  readonly wall: Tone;
  /** Joints, beams, mullions: what the material shows besides the wall itself. */
  readonly joint: Tone;
  /** Sills, heads, moldings, pillars, decoration. */
  readonly trim: Tone;
  readonly frame: Tone;
  readonly door: Tone;
  readonly railing: Tone;
  readonly blind: Tone;
  readonly glass: { readonly top: Tone; readonly bottom: Tone; readonly curtains: boolean };
  /** Share of windows with a lamp behind. */
  readonly lit: number;
  readonly sky: { readonly top: Tone; readonly horizon: Tone; readonly clouds: Tone; readonly cover: number };
  readonly ground: Tone;
  readonly shopSigns: readonly Tone[];
  /** What the light of the hour does to the whole picture. */
  readonly light: Tone;
  /** Darkness of cast shadows, 0 .. 1. */
  readonly shadow: number;
  /** Standard deviation of the film grain. */
  readonly grain: number;
}

/** A tone from a hexadecimal colour. */
export function tone(hexadecimal: string): Tone {
  const value = Number.parseInt(hexadecimal, 16);
  return [((value >> 16) & 255) / 255, ((value >> 8) & 255) / 255, (value & 255) / 255];
}
