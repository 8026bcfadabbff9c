import { blendBox, clipBox, fillBox, insetBox, mixTones, scaleTone, shadeBox, type Tone } from "./canvas.ts";
import { cellNoise, cloudNoise } from "./noise-tables.ts";
import type { PixelBox, PlacedPart } from "./place-parts.ts";
import { canvasLength, castShadow, paintRelief, type Scene } from "./scene.ts";

const LAMP: Tone = [1, 0.8, 0.45];

/** A window in its reveal: frame, panes, curtains, the sky's reflection or a lamp behind. */
export function paintWindow(scene: Scene, { box, variation }: PlacedPart): void {
  const { canvas, style, layout } = scene;
  const width = box.right - box.left;
  const frame = Math.max(1, Math.round(Math.min(width, box.bottom - box.top) * 0.075));
  fillBox(canvas, box, scaleTone(style.wall, 0.6));
  const framed = width > 6 ? insetBox(box, Math.max(1, frame >> 1)) : box;
  fillBox(canvas, framed, style.frame);
  const lit = variation < style.lit;
  for (const pane of divide(insetBox(framed, frame), layout.sash, frame)) paintGlass(scene, pane, box, variation, lit);
  if (style.glass.curtains && variation > 0.35) paintCurtains(scene, insetBox(framed, frame), variation, lit);
  shadeBox(
    canvas,
    { ...box, bottom: box.top + Math.max(1, Math.round((box.bottom - box.top) * 0.14)) },
    lit ? 0.85 : 0.55,
    0.9,
  );
  if (lit) glow(scene, box);
}

/** The panes that bars leave: one, two side by side, a cross, or two under one. */
function divide(box: PixelBox, sash: number, bar: number): PixelBox[] {
  const { left, top, right, bottom } = box;
  const thin = Math.max(1, Math.round(bar * 0.7));
  const middle = Math.round((left + right - thin) / 2);
  const level = Math.round(top + (bottom - top) * (sash === 3 ? 0.3 : 0.5));
  const halves = (upper: number, lower: number): PixelBox[] => [
    { left, right: middle, top: upper, bottom: lower },
    { left: middle + thin, right, top: upper, bottom: lower },
  ];
  if (sash === 0 || right - left < 3 * thin + 2) return [box];
  if (sash === 1) return halves(top, bottom);
  if (sash === 2) return [...halves(top, level), ...halves(level + thin, bottom)];
  return [{ left, right, top, bottom: level }, ...halves(level + thin, bottom)];
}

function paintGlass(scene: Scene, pane: PixelBox, window: PixelBox, variation: number, lit: boolean): void {
  const { canvas, style, noiseX, noiseY, sun } = scene;
  const { size, values } = canvas;
  const clipped = clipBox(canvas, pane);
  const height = Math.max(1, window.bottom - window.top);
  const width = Math.max(1, window.right - window.left);
  const top = lit ? scaleTone(LAMP, 1 + 0.3 * variation) : scaleTone(style.glass.top, 0.75 + 0.5 * variation);
  const bottom = lit ? scaleTone(LAMP, 0.72) : scaleTone(style.glass.bottom, 0.8 + 0.4 * variation);
  const band = variation * 2.2 - 0.6;
  for (let row = clipped.top; row < clipped.bottom; row++) {
    const y = (row - window.top) / height;
    const base = mixTones(top, bottom, lit ? y : Math.min(1, y * 1.25));
    for (let column = clipped.left; column < clipped.right; column++) {
      const x = (column - window.left) / width;
      // A slanting streak of bright sky, and the clouds.
      const streak = Math.abs((sun > 0 ? x : 1 - x) + y * 0.7 - band) < 0.16 ? 0.16 : 0;
      const mirrored = lit ? 1 : 1 + streak + 0.22 * cloudNoise(column + noiseY, row + noiseX);
      const position = (row * size + column) * 3;
      for (let channel = 0; channel < 3; channel++) values[position + channel] = base[channel]! * mirrored;
    }
  }
}

function paintCurtains(scene: Scene, box: PixelBox, variation: number, lit: boolean): void {
  const width = Math.round((box.right - box.left) * (0.16 + 0.16 * ((variation * 7) % 1)));
  // Unlit curtains are as bright as the day lets them be.
  const tone: Tone = lit
    ? [0.95, 0.62, 0.34]
    : mixTones(scene.style.glass.top, [0.9, 0.88, 0.84], scene.style.lit > 0.3 ? 0.1 : 0.8);
  const folds = Math.max(2, Math.round(width / 3));
  for (const left of [box.left, box.right - width]) {
    for (let column = 0; column < width; column++) {
      const fold = 0.82 + 0.18 * Math.cos((column / folds) * 2 * Math.PI);
      const strip = { left: left + column, right: left + column + 1, top: box.top, bottom: box.bottom };
      blendBox(scene.canvas, strip, scaleTone(tone, fold), lit ? 0.4 : 0.55);
    }
  }
}

/** Lamp light on the wall around a lit opening. */
function glow(scene: Scene, box: PixelBox): void {
  const { canvas } = scene;
  const { size, values } = canvas;
  const reach = canvasLength(scene, 9);
  const area = clipBox(canvas, insetBox(box, -reach));
  for (let row = area.top; row < area.bottom; row++) {
    const away = Math.max(box.top - row, row - box.bottom + 1, 0);
    for (let column = area.left; column < area.right; column++) {
      const aside = Math.max(box.left - column, column - box.right + 1, 0);
      const distance = Math.hypot(away, aside);
      if (distance === 0 || distance >= reach) continue;
      const strength = 0.24 * (1 - distance / reach) ** 2;
      const position = (row * size + column) * 3;
      for (let channel = 0; channel < 3; channel++) values[position + channel]! += LAMP[channel]! * strength;
    }
  }
}

/** A door with a frame, a pane above, panels and a step. */
export function paintDoor(scene: Scene, { box }: PlacedPart): void {
  const { canvas, style } = scene;
  const width = box.right - box.left;
  const height = box.bottom - box.top;
  const frame = Math.max(1, Math.round(width * 0.09));
  fillBox(canvas, box, scaleTone(style.trim, 0.86));
  const leaf = { ...insetBox(box, frame), bottom: box.bottom };
  fillBox(canvas, leaf, style.door);
  const transom = { ...leaf, bottom: leaf.top + Math.round(height * 0.2) };
  paintGlass(scene, transom, transom, 0.4, style.lit > 0.3);
  fillBox(canvas, { ...leaf, top: transom.bottom, bottom: transom.bottom + frame }, scaleTone(style.door, 0.7));
  const gap = Math.max(1, Math.round(width * 0.06));
  const middle = Math.round((leaf.left + leaf.right) / 2);
  const panelsTop = transom.bottom + frame + gap;
  const panelHeight = (leaf.bottom - gap - panelsTop) / 3;
  for (let row = 0; row < 3; row++) {
    const top = Math.round(panelsTop + row * panelHeight);
    const bottom = Math.round(panelsTop + (row + 1) * panelHeight) - gap;
    for (const [left, right] of [
      [leaf.left + gap, middle - (gap >> 1)],
      [middle + ((gap + 1) >> 1), leaf.right - gap],
    ] as const) {
      if (right > left && bottom > top)
        paintRelief(scene, { left, right, top, bottom }, scaleTone(style.door, 1.18), 1);
    }
  }
  shadeBox(canvas, { ...box, bottom: box.top + frame * 2 }, 0.6, 0.95);
  fillBox(canvas, { ...box, top: box.bottom - Math.max(1, frame >> 1) }, scaleTone(style.trim, 0.9));
}

/** A shop front: sign, sometimes a striped awning, and a lit display behind glass. */
export function paintShop(scene: Scene, { box, variation }: PlacedPart): void {
  const { canvas, style } = scene;
  const width = box.right - box.left;
  const height = box.bottom - box.top;
  const sign = style.shopSigns[Math.floor(variation * style.shopSigns.length)]!;
  fillBox(canvas, box, scaleTone(sign, 0.55));
  const fascia = { ...box, bottom: box.top + Math.max(2, Math.round(height * 0.2)) };
  const plinth = Math.max(1, Math.round(height * 0.12));
  const bar = Math.max(1, Math.round(width * 0.045));
  const display = { left: box.left + bar, right: box.right - bar, top: fascia.bottom, bottom: box.bottom - plinth };
  paintDisplay(scene, display, variation);
  const middle = Math.round((box.left + box.right) / 2);
  fillBox(
    canvas,
    { left: middle - (bar >> 1), right: middle + ((bar + 1) >> 1), top: fascia.bottom, bottom: box.bottom },
    scaleTone(sign, 0.55),
  );
  paintRelief(scene, fascia, sign, Math.max(1, bar >> 1));
  paintSignWriting(scene, fascia, variation);
  if (variation > 0.5) paintAwning(scene, fascia, sign, Math.max(2, Math.round(height * 0.2)));
  else castShadow(scene, fascia, Math.max(1, bar * 0.6));
}

/** Goods on shelves in warm light. */
function paintDisplay(scene: Scene, box: PixelBox, variation: number): void {
  const { canvas, style } = scene;
  const { size, values } = canvas;
  const clipped = clipBox(canvas, box);
  const height = Math.max(1, box.bottom - box.top);
  const cell = Math.max(2, Math.round(height * 0.16));
  const brightness = style.lit > 0.3 ? 1.05 : 0.62;
  const seed = Math.floor(variation * 1000);
  for (let row = clipped.top; row < clipped.bottom; row++) {
    const y = (row - box.top) / height;
    for (let column = clipped.left; column < clipped.right; column++) {
      const goods = y > 0.4 ? cellNoise(Math.floor(column / cell) + seed, Math.floor((row - box.top) / cell)) : 0.6;
      const factor = brightness * (1.1 - 0.75 * y) * (0.55 + 0.75 * goods);
      const position = (row * size + column) * 3;
      values[position] = factor;
      values[position + 1] = factor * (0.82 + 0.16 * cellNoise(Math.floor(column / cell), seed));
      values[position + 2] = factor * (0.5 + 0.35 * goods);
    }
  }
  blendBox(canvas, { ...box, bottom: box.top + Math.round(height * 0.35) }, style.glass.top, 0.22);
}

function paintSignWriting(scene: Scene, fascia: PixelBox, variation: number): void {
  const height = fascia.bottom - fascia.top;
  if (height < 5) return;
  const letter = Math.max(1, Math.round(height * 0.3));
  const letters = Math.min(9, Math.floor(((fascia.right - fascia.left) * 0.7) / (letter * 1.4)));
  const start = Math.round((fascia.left + fascia.right) / 2 - (letters * letter * 1.4) / 2);
  const top = Math.round(fascia.top + height * 0.32);
  for (let index = 0; index < letters; index++) {
    if (cellNoise(index, Math.floor(variation * 997)) < 0.12) continue;
    const left = Math.round(start + index * letter * 1.4);
    const box = { left, right: left + letter, top, bottom: top + Math.max(1, Math.round(height * 0.4)) };
    blendBox(scene.canvas, box, [0.97, 0.95, 0.88], 0.85);
    const hole = { ...insetBox(box, Math.max(1, letter >> 2)), ...(index % 2 ? { top: box.top } : {}) };
    if (hole.right > hole.left) blendBox(scene.canvas, hole, [0.1, 0.1, 0.1], 0.55);
  }
}

function paintAwning(scene: Scene, fascia: PixelBox, sign: Tone, depth: number): void {
  const { canvas, oversampling } = scene;
  const stripe = Math.max(oversampling, canvasLength(scene, 4));
  const box = { left: fascia.left, right: fascia.right, top: fascia.bottom, bottom: fascia.bottom + depth };
  castShadow(scene, box, depth * 0.5);
  for (let left = box.left, index = 0; left < box.right; left += stripe, index++) {
    const strip = { ...box, left, right: Math.min(box.right, left + stripe) };
    fillBox(canvas, strip, index % 2 ? [0.95, 0.94, 0.9] : scaleTone(sign, 1.2));
  }
  shadeBox(canvas, box, 1.08, 0.82);
  shadeBox(canvas, { ...box, top: box.bottom - Math.max(1, depth >> 2) }, 0.8);
}
