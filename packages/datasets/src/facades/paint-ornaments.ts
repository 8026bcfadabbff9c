import { blendBox, clipBox, fillBox, scaleTone, shadeBox } from "./canvas.ts";
import type { PixelBox, PlacedPart } from "./place-parts.ts";
import { canvasLength, castShadow, paintRelief, type Scene } from "./scene.ts";

/** The head over a window or door. */
export function paintCornice(scene: Scene, { box }: PlacedPart): void {
  castShadow(scene, box, canvasLength(scene, 2.4));
  paintRelief(scene, box, scene.style.trim, Math.max(1, Math.round((box.bottom - box.top) * 0.3)));
}

/** The sill under a window. */
export function paintSill(scene: Scene, { box }: PlacedPart): void {
  castShadow(scene, box, canvasLength(scene, 2));
  paintRelief(scene, box, scaleTone(scene.style.trim, 1.03), Math.max(1, Math.round((box.bottom - box.top) * 0.3)));
}

/** A band along the facade; the one under the roof is heavier, with dentils and a long shadow. */
export function paintMolding(scene: Scene, { box, role }: PlacedPart): void {
  const { canvas, style } = scene;
  const height = box.bottom - box.top;
  castShadow(scene, box, canvasLength(scene, role === "roof" ? 5 : 1.8));
  if (role !== "roof") {
    paintRelief(scene, box, style.trim, Math.max(1, Math.round(height * 0.28)));
    return;
  }
  const upper = { ...box, bottom: box.top + Math.max(1, Math.round(height * 0.45)) };
  fillBox(canvas, box, scaleTone(style.trim, 0.8));
  const step = Math.max(canvasLength(scene, 5), 3 * scene.oversampling);
  for (let left = box.left + (step >> 1); left < box.right; left += step) {
    const dentil = { left, right: left + (step >> 1), top: upper.bottom, bottom: box.bottom };
    fillBox(canvas, dentil, scaleTone(style.trim, 1.02));
  }
  shadeBox(canvas, { ...box, top: upper.bottom }, 0.68, 1);
  paintRelief(scene, upper, style.trim, Math.max(1, Math.round(height * 0.14)));
}

/** A round shaft between a base and a capital. */
export function paintPillar(scene: Scene, { box }: PlacedPart): void {
  const { canvas, style, sun } = scene;
  castShadow(scene, box, canvasLength(scene, 2.2));
  const width = box.right - box.left;
  for (let column = 0; column < width; column++) {
    const across = ((column + 0.5) / width) * 2 - 1;
    const light = 0.72 + 0.36 * Math.sqrt(Math.max(0, 1 - (across + 0.35 * sun) ** 2 * 0.6));
    fillBox(canvas, { ...box, left: box.left + column, right: box.left + column + 1 }, scaleTone(style.trim, light));
  }
  const block = Math.max(1, Math.round(width * 0.7));
  if (box.bottom - box.top < 4 * block) return;
  paintRelief(scene, { ...box, bottom: box.top + block }, style.trim, Math.max(1, block >> 2));
  paintRelief(scene, { ...box, top: box.bottom - block }, scaleTone(style.trim, 0.94), Math.max(1, block >> 2));
}

/** A panel or medallion: a raised frame around a rosette. */
export function paintDeco(scene: Scene, { box }: PlacedPart): void {
  const { canvas, style, sun } = scene;
  paintRelief(scene, box, scaleTone(style.trim, 0.92), canvasLength(scene, 0.8));
  const { size, values } = canvas;
  const clipped = clipBox(canvas, box);
  const radius = Math.min(box.right - box.left, box.bottom - box.top) * 0.36;
  if (radius < 2) return;
  const step = radius * 2.6;
  const rosettes = Math.max(1, Math.floor((box.right - box.left) / step));
  const middle = (box.left + box.right) / 2;
  const centerY = (box.top + box.bottom) / 2;
  for (let row = clipped.top; row < clipped.bottom; row++) {
    for (let column = clipped.left; column < clipped.right; column++) {
      const slot = Math.round((column - middle) / step + (rosettes - 1) / 2);
      const centerX = middle + (Math.min(rosettes - 1, Math.max(0, slot)) - (rosettes - 1) / 2) * step;
      const x = (column + 0.5 - centerX) / radius;
      const y = (row + 0.5 - centerY) / radius;
      const distance = Math.hypot(x, y);
      if (distance > 1) continue;
      // Light from above and from the sun's side on a ring around a knob.
      const slope = distance > 0.45 ? 1 : -0.6;
      const factor = 1 - 0.22 * slope * (y + x * sun * 0.7);
      const position = (row * size + column) * 3;
      for (let channel = 0; channel < 3; channel++) values[position + channel]! *= factor;
    }
  }
}

/** A railing in front of what is behind it, on a slab. */
export function paintBalcony(scene: Scene, { box }: PlacedPart): void {
  const { canvas, style } = scene;
  const height = box.bottom - box.top;
  const slab = { ...box, top: box.bottom - Math.max(1, Math.round(height * 0.2)) };
  const railing = { ...box, bottom: slab.top };
  shadeBox(canvas, railing, 0.88);
  const rail = canvasLength(scene, 0.8);
  const step = Math.max(canvasLength(scene, 2.6), 2 * scene.oversampling);
  for (let left = box.left; left < box.right; left += step) {
    blendBox(canvas, { ...railing, left, right: Math.min(box.right, left + rail) }, style.railing, 0.85);
  }
  blendBox(canvas, { ...railing, top: railing.bottom - rail }, style.railing, 0.9);
  fillBox(canvas, { ...railing, bottom: railing.top + rail + (rail >> 1) }, style.railing);
  fillBox(canvas, { ...railing, left: box.right - rail }, style.railing);
  castShadow(scene, slab, canvasLength(scene, 4.5));
  paintRelief(scene, slab, scaleTone(style.trim, 0.95), Math.max(1, Math.round((slab.bottom - slab.top) * 0.3)));
}

/** A wooden shutter beside the window, or a roller blind in it. */
export function paintBlind(scene: Scene, { box, role }: PlacedPart): void {
  const { canvas, style, oversampling } = scene;
  const shutter = role === "shutter";
  if (shutter) castShadow(scene, box, canvasLength(scene, 1));
  paintRelief(scene, box, style.blind, canvasLength(scene, 0.7));
  const slat = Math.max(canvasLength(scene, 2.2), Math.round(1.5 * oversampling));
  const edge = shutter ? Math.max(1, Math.round((box.right - box.left) * 0.14)) : 0;
  for (let top = box.top + slat; top < box.bottom - edge; top += slat) {
    const line: PixelBox = {
      left: box.left + edge,
      right: box.right - edge,
      top,
      bottom: Math.min(box.bottom, top + Math.max(1, slat >> 1)),
    };
    shadeBox(canvas, line, 0.7, 0.88);
  }
  if (!shutter) castShadow(scene, box, canvasLength(scene, 1.2));
}
