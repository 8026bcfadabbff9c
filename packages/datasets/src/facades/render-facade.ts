import type { PixelImage } from "@divgen/image-files/pixels";
import type { RandomKey } from "@divgen/random";
import { developPhoto } from "./develop-photo.ts";
import type { FacadeClass, FacadeLayout } from "./facade-layout.ts";
import type { FacadeStyle } from "./facade-style.ts";
import { paintDoor, paintShop, paintWindow } from "./paint-openings.ts";
import {
  paintBalcony,
  paintBlind,
  paintCornice,
  paintDeco,
  paintMolding,
  paintPillar,
  paintSill,
} from "./paint-ornaments.ts";
import { paintSurroundings } from "./paint-surroundings.ts";
import { paintWall } from "./paint-wall.ts";
import { type PlacedPart, placeParts } from "./place-parts.ts";
import { createScene, type Scene } from "./scene.ts";

type Painter = (scene: Scene, part: PlacedPart) => void;

const PAINTERS: Readonly<Record<FacadeClass, Painter>> = {
  facade: (scene, { box }) => paintWall(scene, box),
  window: paintWindow,
  door: paintDoor,
  shop: paintShop,
  cornice: paintCornice,
  sill: paintSill,
  molding: paintMolding,
  pillar: paintPillar,
  deco: paintDeco,
  balcony: paintBalcony,
  blind: paintBlind,
};

/** Samples a side for each pixel of the picture: edges and textures are averaged over 4 samples. */
const OVERSAMPLING = 2;

/**
 * A photo-like picture of a layout in a style. One layout can be rendered in every style, and in one style under many
 * keys (hue, sun, clouds, grain): that is what makes label-to-photo translation have many right answers.
 *
 * @param size - side in pixels, at least 32.
 * @param key - settles what neither layout nor style says.
 * @returns RGB.
 */
export function renderFacade(layout: FacadeLayout, style: FacadeStyle, size: number, key: RandomKey): PixelImage {
  const scene = createScene(layout, style, size, OVERSAMPLING, key);
  paintSurroundings(scene);
  for (const part of placeParts(layout, size)) {
    const { left, top, right, bottom } = part.box;
    const box = {
      left: left * OVERSAMPLING,
      top: top * OVERSAMPLING,
      right: right * OVERSAMPLING,
      bottom: bottom * OVERSAMPLING,
    };
    PAINTERS[part.className](scene, { ...part, box });
  }
  return developPhoto(scene);
}
