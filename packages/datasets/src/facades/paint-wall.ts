import { type Canvas, clipBox, scaleTone, type Tone } from "./canvas.ts";
import type { WallMaterial } from "./facade-style.ts";
import { cellNoise, cloudNoise, grainNoise } from "./noise-tables.ts";
import { paintTimber } from "./paint-timber.ts";
import { type PixelBox, placeBox } from "./place-parts.ts";
import { canvasLength, type Scene } from "./scene.ts";

/** Sets three values of the canvas from a column, a row and the place of its red value. */
type Texture = (column: number, row: number, values: Float32Array, position: number) => void;

/** Fills a wall with the style's material. */
export function paintWall(scene: Scene, box: PixelBox): void {
  const { canvas } = scene;
  fillWithTexture(canvas, box, TEXTURES[scene.style.material](scene, box));
  if (scene.style.material === "timber") paintTimber(scene, box);
  shadeTowardsGround(scene, box);
}

const TEXTURES: Readonly<Record<WallMaterial, (scene: Scene, box: PixelBox) => Texture>> = {
  brick: (scene) => masonry(scene, { course: 4.6, length: 2.6, joint: 0.2, spread: 0.34, roughness: 0.05 }),
  ashlar: (scene) => masonry(scene, { course: 11, length: 2.1, joint: 0.09, spread: 0.16, roughness: 0.045 }),
  plaster: (scene) => plaster(scene, 0.06),
  timber: (scene) => plaster(scene, 0.07),
  "rusticated-stucco": rusticatedStucco,
  "curtain-wall": curtainWall,
  concrete,
  clapboard,
  ivy,
};

function fillWithTexture(canvas: Canvas, box: PixelBox, texture: Texture): void {
  const { size, values } = canvas;
  const { left, top, right, bottom } = clipBox(canvas, box);
  for (let row = top; row < bottom; row++) {
    let position = (row * size + left) * 3;
    for (let column = left; column < right; column++, position += 3) texture(column, row, values, position);
  }
}

function put(values: Float32Array, position: number, tone: Tone, factor: number): void {
  values[position] = tone[0] * factor;
  values[position + 1] = tone[1] * factor;
  values[position + 2] = tone[2] * factor;
}

interface MasonrySize {
  /** Height of a course in pixels of a 256 pixel picture. */
  readonly course: number;
  /** Length of a block over its height. */
  readonly length: number;
  /** Share of the joint in the height. */
  readonly joint: number;
  /** How unlike the blocks are. */
  readonly spread: number;
  readonly roughness: number;
}

/** Courses of blocks in running bond; blocks never get too small to be seen. */
function masonry(scene: Scene, { course, length, joint, spread, roughness }: MasonrySize): Texture {
  const { style, noiseX, noiseY, oversampling } = scene;
  const height = Math.max(canvasLength(scene, course), Math.round(2.4 * oversampling));
  const width = Math.round(height * length);
  const jointSize = Math.max(1, Math.round(height * joint));
  return (column, row, values, position) => {
    const level = Math.floor(row / height);
    const x = column + (level & 1) * (width >> 1);
    const inJoint = row - level * height < jointSize || x % width < jointSize;
    const block = Math.floor(x / width);
    const stains = 1 + 0.1 * cloudNoise(column + noiseX, row + noiseY);
    if (inJoint) put(values, position, style.joint, stains * 0.92);
    else {
      const own = cellNoise(block + noiseX, level + noiseY);
      const rough = grainNoise(column + noiseY, row + noiseX) * roughness;
      const factor = (1 + spread * (own - 0.5) + rough) * stains;
      values[position] = style.wall[0] * factor;
      // A few blocks lean towards brown or violet.
      values[position + 1] = style.wall[1] * factor * (1 + spread * 0.5 * (cellNoise(level, block) - 0.5));
      values[position + 2] = style.wall[2] * factor;
    }
  };
}

/** A smooth wall with soft stains that run downwards. */
function plaster({ style, noiseX, noiseY }: Scene, stain: number): Texture {
  return (column, row, values, position) => {
    const soft = cloudNoise(column + noiseX, (row >> 1) + noiseY);
    const rain = cloudNoise(column * 2 + noiseY, (row >> 3) + noiseX);
    const factor = 1 + stain * soft + stain * 0.5 * rain + 0.012 * grainNoise(column, row + noiseY);
    put(values, position, style.wall, factor);
  };
}

/** Smooth upper floors over a ground floor with deep horizontal grooves. */
function rusticatedStucco(scene: Scene): Texture {
  const smooth = plaster(scene, 0.05);
  const { canvas, layout, style, oversampling } = scene;
  const grooved = layout.floorLines.at(-2)! * canvas.size;
  const spacing = Math.max(canvasLength(scene, 9), 4 * oversampling);
  const groove = Math.max(1, Math.round(spacing * 0.16));
  return (column, row, values, position) => {
    if (row > grooved && (row - Math.floor(grooved)) % spacing < groove) put(values, position, style.joint, 0.95);
    else smooth(column, row, values, position);
  };
}

/** Panes of tinted glass that mirror the clouds, held by thin mullions on the lines of bays and half bays. */
function curtainWall(scene: Scene, box: PixelBox): Texture {
  const { canvas, layout, style, noiseX, noiseY } = scene;
  const half = canvasLength(scene, 0.7);
  const mullionColumns = new Uint8Array(canvas.size);
  const mullionRows = new Uint8Array(canvas.size);
  layout.bayLines.forEach((line, bay) => {
    markLine(mullionColumns, line * canvas.size, half);
    const next = layout.bayLines[bay + 1];
    if (next !== undefined) markLine(mullionColumns, ((line + next) / 2) * canvas.size, Math.max(1, half >> 1));
  });
  layout.floorLines.forEach((line, floor) => {
    markLine(mullionRows, line * canvas.size, half);
    const next = layout.floorLines[floor + 1];
    if (next !== undefined) markLine(mullionRows, (line + (next - line) * 0.2) * canvas.size, Math.max(1, half >> 1));
  });
  const height = Math.max(1, box.bottom - box.top);
  const paneWidth = canvasLength(scene, 20);
  return (column, row, values, position) => {
    if (mullionColumns[column] || mullionRows[row]) {
      put(values, position, style.joint, mullionRows[row] ? 0.9 : 1.05);
      return;
    }
    const mirrored = Math.max(0, cloudNoise((column >> 1) + noiseX, (row >> 1) + noiseY));
    const pane = cellNoise(Math.floor(column / paneWidth), Math.floor(row / paneWidth)) - 0.5;
    const share = 0.42 * (1 - (row - box.top) / height) + 0.6 * mirrored + 0.1 * pane;
    for (let channel = 0; channel < 3; channel++) {
      values[position + channel] = style.wall[channel]! + (style.glass.top[channel]! - style.wall[channel]!) * share;
    }
  };
}

function markLine(marks: Uint8Array, center: number, half: number): void {
  marks.fill(1, Math.max(0, Math.round(center) - half), Math.max(0, Math.round(center) + half));
}

/** Cast panels as large as a bay and half a floor, with joints, tie holes, board marks and rain stains. */
function concrete(scene: Scene): Texture {
  const { canvas, layout, style, noiseX, noiseY } = scene;
  const width = Math.max(8, Math.round((layout.bayLines[1]! - layout.bayLines[0]!) * canvas.size));
  const height = Math.max(8, Math.round(((layout.floorLines[2]! - layout.floorLines[1]!) * canvas.size) / 2));
  const offsetX = Math.round(layout.bayLines[0]! * canvas.size);
  const offsetY = Math.round(layout.floorLines[1]! * canvas.size);
  const joint = canvasLength(scene, 1.1);
  const hole = canvasLength(scene, 1.2);
  return (column, row, values, position) => {
    const x = (((column - offsetX) % width) + width) % width;
    const y = (((row - offsetY) % height) + height) % height;
    if (x < joint || y < joint) {
      put(values, position, style.joint, 1);
      return;
    }
    const panel = cellNoise(Math.floor((column - offsetX) / width) + 77, Math.floor((row - offsetY) / height) + noiseX);
    const holeX = Math.abs(Math.abs(x - width / 2) - width * 0.3) < hole;
    const holeY = Math.abs(Math.abs(y - height / 2) - height * 0.27) < hole;
    const stain = cloudNoise(column * 2 + noiseX, (row >> 2) + noiseY);
    const boards = 0.018 * cloudNoise(column >> 3, row * 3 + noiseY);
    const spots = 0.03 * grainNoise(column + noiseX, row);
    put(
      values,
      position,
      style.wall,
      (holeX && holeY ? 0.72 : 1) + 0.14 * (panel - 0.5) + 0.11 * stain + boards + spots,
    );
  };
}

/** Horizontal boards, each with a shadow under its lower edge. */
function clapboard(scene: Scene): Texture {
  const { style, noiseX, noiseY, oversampling } = scene;
  const height = Math.max(canvasLength(scene, 5), Math.round(2.5 * oversampling));
  const shadow = Math.max(1, Math.round(height * 0.22));
  return (column, row, values, position) => {
    const board = Math.floor(row / height);
    const y = row - board * height;
    const own = cellNoise(board + noiseX, Math.floor((column + cellNoise(board, 5) * 900) / 400)) - 0.5;
    const fibre = 0.03 * cloudNoise((column >> 2) + noiseX, row * 5 + noiseY);
    if (y >= height - shadow) put(values, position, style.joint, 0.95 + 0.1 * own);
    else put(values, position, style.wall, 1.04 - (0.1 * y) / height + 0.09 * own + fibre);
  };
}

/** Leaves over most of a stone wall, with gaps where the stone shows. */
function ivy(scene: Scene): Texture {
  const stone = masonry(
    { ...scene, style: { ...scene.style, wall: scene.style.joint, joint: scaleTone(scene.style.joint, 0.7) } },
    { course: 9, length: 1.7, joint: 0.12, spread: 0.2, roughness: 0.04 },
  );
  const { style, noiseX, noiseY } = scene;
  const leaf = canvasLength(scene, 2.2, 2);
  return (column, row, values, position) => {
    const cover = cloudNoise(column + noiseX, row + noiseY) + 0.25 * cloudNoise(column * 4, row * 4 + noiseX);
    if (cover < -0.3) {
      stone(column, row, values, position);
      return;
    }
    const leafX = Math.floor((column + (Math.floor(row / leaf) & 1) * (leaf >> 1)) / leaf);
    const light = cellNoise(leafX + noiseX, Math.floor(row / leaf) + noiseY);
    const clump = cloudNoise(column * 3 + noiseY, row * 3 + noiseX);
    // Leaves at the edge of a gap hang in shadow.
    const depth = Math.min(1, (cover + 0.3) * 5);
    const factor = (0.55 + 0.65 * light + 0.35 * clump) * (0.6 + 0.4 * depth);
    values[position] = style.wall[0] * factor * (0.85 + 0.5 * light);
    values[position + 1] = style.wall[1] * factor;
    values[position + 2] = style.wall[2] * factor * 0.9;
  };
}

/** Splash water and less sky light at the foot of a wall, more light towards the sun. */
function shadeTowardsGround({ canvas, sun, layout }: Scene, box: PixelBox): void {
  const { size, values } = canvas;
  const { left, top, right, bottom } = clipBox(canvas, box);
  const foot = placeBox(layout.wall, size).bottom;
  for (let row = top; row < bottom; row++) {
    const low = Math.max(0, 1 - (foot - row) / (size * 0.12));
    const vertical = 1.05 - (0.1 * row) / size - 0.16 * low * low;
    for (let column = left; column < right; column++) {
      const factor = vertical + 0.05 * sun * (0.5 - column / size);
      const position = (row * size + column) * 3;
      values[position]! *= factor;
      values[position + 1]! *= factor;
      values[position + 2]! *= factor;
    }
  }
}
