import type { LabelMap } from "@divgen/image-files/pixels";
import { cmpPngPalette } from "@divgen/image-files/pixels";
import type { FacadeClass, FacadeLayout, FacadePart, UnitBox } from "./facade-layout.ts";

/** A rectangle of whole pixels; right and bottom are outside. */
export interface PixelBox {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** A part at its place in a picture. */
export interface PlacedPart extends Omit<FacadePart, "box"> {
  readonly box: PixelBox;
}

/** The box in whole pixels, at least one wide and high, so that a sill does not vanish in a small picture. */
export function placeBox(box: UnitBox, size: number): PixelBox {
  const left = Math.round(box.left * size);
  const top = Math.round(box.top * size);
  return {
    left,
    top,
    right: Math.max(left + 1, Math.round(box.right * size)),
    bottom: Math.max(top + 1, Math.round(box.bottom * size)),
  };
}

/** All parts at their places in a picture of `size` pixels a side, in paint order. */
export function placeParts(layout: FacadeLayout, size: number): PlacedPart[] {
  return layout.parts.map((part) => ({ ...part, box: placeBox(part.box, size) }));
}

const ID_BY_CLASS = new Map<string, number>(cmpPngPalette.classes.map(({ id, name }) => [name, id]));

/** CMP class id (1 .. 12) of a class. */
export function classId(className: FacadeClass | "background"): number {
  return ID_BY_CLASS.get(className)!;
}

/**
 * The exact label map of a layout, ids 1 .. 12 of the CMP palette.
 *
 * @param size - side in pixels.
 */
export function facadeLabelMap(layout: FacadeLayout, size: number): LabelMap {
  const classIds = new Uint8Array(size * size).fill(classId("background"));
  for (const { className, box } of placeParts(layout, size)) {
    const left = Math.max(0, box.left);
    const right = Math.min(size, box.right);
    if (right <= left) continue;
    for (let row = Math.max(0, box.top); row < Math.min(size, box.bottom); row++) {
      classIds.fill(classId(className), row * size + left, row * size + right);
    }
  }
  return { classIds, width: size, height: size };
}
