/** Red, green, blue, 0 .. 255. */
export type Color = readonly [red: number, green: number, blue: number];

/** One class of a label map. */
export interface LabelClass {
  /** Number of the class in label maps, 0 .. 254. */
  readonly id: number;
  readonly name: string;
  readonly color: Color;
}

/** The classes of a data set and the colours they are drawn in. */
export interface LabelPalette {
  /** For messages and provenance, such as "cmp". */
  readonly name: string;
  readonly classes: readonly LabelClass[];
}

/**
 * A palette from rows, checked.
 *
 * @throws RangeError if there is no class, an id or a colour is out of range, or an id or a colour stands twice.
 */
export function createLabelPalette(name: string, classes: readonly LabelClass[]): LabelPalette {
  if (classes.length === 0) throw new RangeError(`palette ${name}: expected at least one class, got none`);
  const ids = new Set<number>();
  const colors = new Set<string>();
  for (const { id, name: className, color } of classes) {
    if (!Number.isInteger(id) || id < 0 || id > 254) {
      throw new RangeError(`palette ${name}: expected class ids from 0 to 254, got ${id} for ${className}`);
    }
    if (color.length !== 3 || !color.every((value) => Number.isInteger(value) && value >= 0 && value <= 255)) {
      throw new RangeError(`palette ${name}: expected three values from 0 to 255, got ${color} for ${className}`);
    }
    if (ids.has(id)) throw new RangeError(`palette ${name}: expected distinct ids, got ${id} twice`);
    if (colors.has(color.join()))
      throw new RangeError(`palette ${name}: expected distinct colours, got ${color} twice`);
    ids.add(id);
    colors.add(color.join());
  }
  return { name, classes };
}

const CMP_NAMES = [
  "background",
  "facade",
  "window",
  "door",
  "cornice",
  "sill",
  "balcony",
  "blind",
  "deco",
  "molding",
  "pillar",
  "shop",
] as const;

function cmpPalette(name: string, colors: readonly Color[]): LabelPalette {
  return createLabelPalette(
    name,
    CMP_NAMES.map((className, index) => ({ id: index + 1, name: className, color: colors[index]! })),
  );
}

/**
 * The CMP facade classes, ids 1 .. 12, in the colours of the data set's own indexed PNGs (a 12-step jet).
 * "cornice" is the head over a window, "molding" the horizontal band along the facade and under the roof.
 *
 * @see Tylecek and Sara, "Spatial pattern templates for recognition of objects with regular structure", GCPR 2013.
 */
export const cmpPngPalette: LabelPalette = cmpPalette("cmp", [
  [0, 0, 170],
  [0, 0, 255],
  [0, 85, 255],
  [0, 170, 255],
  [0, 255, 255],
  [85, 255, 170],
  [170, 255, 85],
  [255, 255, 0],
  [255, 170, 0],
  [255, 85, 0],
  [255, 0, 0],
  [170, 0, 0],
]);

/** The same classes in the colours of pix2pix's facade JPEGs (a 64-step jet), measured on its published images. */
export const cmpJpegPalette: LabelPalette = cmpPalette("cmp-pix2pix", [
  [0, 0, 223],
  [0, 48, 255],
  [0, 128, 255],
  [0, 207, 255],
  [32, 255, 223],
  [112, 255, 143],
  [191, 255, 64],
  [255, 239, 0],
  [255, 159, 0],
  [255, 80, 0],
  [255, 0, 0],
  [175, 0, 0],
]);

/** A Cityscapes evaluation class with the number that `*_gtFine_labelIds.png` gives it. */
interface CityscapesRow {
  readonly rawId: number;
  readonly name: string;
  readonly color: Color;
}

const CITYSCAPES: readonly CityscapesRow[] = [
  { rawId: 7, name: "road", color: [128, 64, 128] },
  { rawId: 8, name: "sidewalk", color: [244, 35, 232] },
  { rawId: 11, name: "building", color: [70, 70, 70] },
  { rawId: 12, name: "wall", color: [102, 102, 156] },
  { rawId: 13, name: "fence", color: [190, 153, 153] },
  { rawId: 17, name: "pole", color: [153, 153, 153] },
  { rawId: 19, name: "traffic light", color: [250, 170, 30] },
  { rawId: 20, name: "traffic sign", color: [220, 220, 0] },
  { rawId: 21, name: "vegetation", color: [107, 142, 35] },
  { rawId: 22, name: "terrain", color: [152, 251, 152] },
  { rawId: 23, name: "sky", color: [70, 130, 180] },
  { rawId: 24, name: "person", color: [220, 20, 60] },
  { rawId: 25, name: "rider", color: [255, 0, 0] },
  { rawId: 26, name: "car", color: [0, 0, 142] },
  { rawId: 27, name: "truck", color: [0, 0, 70] },
  { rawId: 28, name: "bus", color: [0, 60, 100] },
  { rawId: 31, name: "train", color: [0, 80, 100] },
  { rawId: 32, name: "motorcycle", color: [0, 0, 230] },
  { rawId: 33, name: "bicycle", color: [119, 11, 32] },
];

/** The 19 evaluation classes of Cityscapes by train id (0 .. 18); everything else is `IGNORED_CLASS_ID`. */
export const cityscapesPalette: LabelPalette = createLabelPalette(
  "cityscapes",
  CITYSCAPES.map(({ name, color }, id) => ({ id, name, color })),
);

/** Train ids by the raw ids of `*_gtFine_labelIds.png`; raw ids that are not evaluated are missing. */
export const cityscapesTrainIds: ReadonlyMap<number, number> = new Map(
  CITYSCAPES.map(({ rawId }, trainId) => [rawId, trainId] as const),
);
