import { clipBox, fillBox, scaleTone } from "./canvas.ts";
import { cloudNoise } from "./noise-tables.ts";
import type { PixelBox } from "./place-parts.ts";
import { canvasLength, type Scene } from "./scene.ts";

/** Beams over a plastered wall: on the lines of floors and bays, and braces across every other field. */
export function paintTimber(scene: Scene, wall: PixelBox): void {
  const { canvas, layout } = scene;
  const thick = canvasLength(scene, 2.8);
  const lines = layout.bayLines.map((line) => Math.round(line * canvas.size));
  const floors = layout.floorLines.map((line) => Math.round(line * canvas.size));
  for (let floor = 0; floor < floors.length - 1; floor++) {
    for (let bay = 0; bay < lines.length - 1; bay++) {
      const field = { left: lines[bay]!, right: lines[bay + 1]!, top: floors[floor]!, bottom: floors[floor + 1]! };
      if ((bay + floor) % 2 === 0) paintBrace(scene, field, wall, thick, bay < (lines.length - 1) / 2);
    }
  }
  for (const line of [wall.left + thick, ...lines, wall.right - thick]) {
    if (line - thick < wall.left || line + thick > wall.right) continue;
    paintBeam(scene, { ...wall, left: line - thick, right: line + thick });
  }
  for (const floor of floors) {
    if (floor < wall.top || floor > wall.bottom) continue;
    const [top, bottom] = [Math.max(wall.top, floor - thick), Math.min(wall.bottom, floor + thick)];
    paintBeam(scene, { ...wall, top, bottom });
  }
}

function paintBeam(scene: Scene, box: PixelBox): void {
  const { canvas, style, sun } = scene;
  fillBox(canvas, box, style.joint);
  const edge = canvasLength(scene, 0.6);
  const shade = sun > 0 ? { ...box, left: box.right - edge } : { ...box, right: box.left + edge };
  fillBox(canvas, shade, scaleTone(style.joint, 0.7));
  fillBox(canvas, { ...box, bottom: box.top + edge }, scaleTone(style.joint, 1.3));
}

/** A diagonal beam from corner to corner of a field, kept inside the wall. */
function paintBrace(scene: Scene, field: PixelBox, wall: PixelBox, thick: number, rising: boolean): void {
  const { canvas, style, noiseX } = scene;
  const { size, values } = canvas;
  const clipped = clipBox(canvas, {
    left: Math.max(field.left, wall.left),
    right: Math.min(field.right, wall.right),
    top: Math.max(field.top, wall.top),
    bottom: Math.min(field.bottom, wall.bottom),
  });
  const width = field.right - field.left;
  const height = Math.max(1, field.bottom - field.top);
  const half = thick * Math.hypot(1, width / height) * 0.9;
  for (let row = clipped.top; row < clipped.bottom; row++) {
    const along = ((row - field.top) / height) * width;
    const center = rising ? field.right - along : field.left + along;
    const first = Math.max(clipped.left, Math.round(center - half));
    const last = Math.min(clipped.right, Math.round(center + half));
    for (let column = first; column < last; column++) {
      const factor = 0.95 + 0.15 * cloudNoise(column + noiseX, row * 2);
      const position = (row * size + column) * 3;
      for (let channel = 0; channel < 3; channel++) values[position + channel] = style.joint[channel]! * factor;
    }
  }
}
