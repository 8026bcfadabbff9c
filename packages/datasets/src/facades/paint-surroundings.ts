import { fillGradient, mixTones, scaleTone, type Tone } from "./canvas.ts";
import { cellNoise, cloudNoise, grainNoise } from "./noise-tables.ts";
import { type PixelBox, placeBox } from "./place-parts.ts";
import { canvasLength, type Scene } from "./scene.ts";

/** Sky, hazy neighbours at the sides and the pavement. The wall is painted over it. */
export function paintSurroundings(scene: Scene): void {
  paintSky(scene);
  const { canvas, layout, style } = scene;
  const ground = placeBox(layout.wall, canvas.size).bottom;
  const haze = mixTones(style.sky.horizon, style.wall, 0.3);
  for (const side of [0, 1]) {
    const height = 0.3 + 0.35 * ((layout.variation * (3 + side * 4)) % 1);
    const left = side === 0 ? 0 : Math.round(layout.wall.right * canvas.size);
    const right = side === 0 ? Math.round(layout.wall.left * canvas.size) : canvas.size;
    const top = Math.round(height * canvas.size);
    paintNeighbour(scene, { left, right, top, bottom: ground }, scaleTone(haze, 0.8 - 0.08 * side));
  }
  paintPavement(scene, ground);
}

function paintSky({ canvas, style, noiseX, noiseY, layout }: Scene): void {
  const { size, values } = canvas;
  const { top, horizon, clouds, cover } = style.sky;
  const bottom = placeBox(layout.wall, size).bottom;
  const starry = style.sky.top[0] + style.sky.top[1] + style.sky.top[2] < 0.5;
  const scale = 256 / size;
  for (let row = 0; row < bottom; row++) {
    const base = mixTones(top, horizon, Math.min(1, (row / size) * 3));
    for (let column = 0; column < size; column++) {
      // Clouds are wider than high, and as large in a small picture as in a large one.
      const form = cloudNoise(Math.floor(column * scale) + noiseX, Math.floor(row * scale * 2) + noiseY);
      const share = Math.min(1, Math.max(0, (form + cover - 0.35) * 1.5)) * 0.85;
      const position = (row * size + column) * 3;
      for (let channel = 0; channel < 3; channel++) {
        values[position + channel] = base[channel]! + (clouds[channel]! - base[channel]!) * share;
      }
      if (starry && grainNoise(column + noiseX, row + noiseY) > 3) values.fill(0.85, position, position + 3);
    }
  }
}

function paintNeighbour(scene: Scene, box: PixelBox, tone: Tone): void {
  if (box.right <= box.left) return;
  const { canvas, style } = scene;
  fillGradient(canvas, box, tone, scaleTone(tone, 0.9));
  const step = canvasLength(scene, 11, 4);
  const size = Math.max(1, step >> 1);
  for (let top = box.top + size; top < box.bottom - step; top += step) {
    for (let left = box.left + (size >> 1); left < box.right - size; left += step) {
      const lamp = style.lit > 0.3 && cellNoise(left, top) < 0.3;
      const pane: Tone = lamp ? [0.8, 0.62, 0.35] : scaleTone(tone, 0.8);
      fillGradient(canvas, { left, top, right: left + size, bottom: top + size }, pane, pane);
    }
  }
}

/** Slabs with a bright kerb and less light under the wall. */
function paintPavement(scene: Scene, ground: number): void {
  const { canvas, style, noiseX, noiseY } = scene;
  const { size, values } = canvas;
  const kerb = canvasLength(scene, 1.6);
  const slab = canvasLength(scene, 14, 4);
  const joint = canvasLength(scene, 0.6);
  for (let row = ground; row < size; row++) {
    const depth = (row - ground) / Math.max(1, size - ground);
    const edge = row - ground < kerb ? 1.18 : 0.86 + 0.16 * depth;
    for (let column = 0; column < size; column++) {
      // Joints fan out from the middle of the picture.
      const spread = Math.floor((column - size / 2) / (1 + depth * 0.8) + size);
      const inJoint = spread % slab < joint && row - ground >= kerb;
      const factor = edge * (inJoint ? 0.85 : 1) + 0.06 * cloudNoise(column + noiseX, row * 3 + noiseY);
      const position = (row * size + column) * 3;
      for (let channel = 0; channel < 3; channel++) values[position + channel] = style.ground[channel]! * factor;
    }
  }
}
