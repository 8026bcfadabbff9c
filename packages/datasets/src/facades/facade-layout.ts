/** Names of the twelve CMP classes that a layout is made of, all but "background", which is where nothing stands. */
export type FacadeClass =
  | "facade"
  | "window"
  | "door"
  | "cornice"
  | "sill"
  | "balcony"
  | "blind"
  | "deco"
  | "molding"
  | "pillar"
  | "shop";

/** A rectangle in units of the picture's side: (0, 0) is the upper left corner, (1, 1) the lower right one. */
export interface UnitBox {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** A part of a facade. Parts stand in paint order: a later one covers an earlier one. */
export interface FacadePart {
  readonly className: FacadeClass;
  readonly box: UnitBox;
  /** From [0, 1): settles small choices of a rendering (curtains, lit or not, which sign), the same in every style. */
  readonly variation: number;
  /** The molding under the roof, which is heavier than a string course; a blind beside a window, not in it. */
  readonly role?: "roof" | "shutter";
}

/** Where everything of a facade is; says nothing of how it looks. */
export interface FacadeLayout {
  readonly parts: readonly FacadePart[];
  /** The main wall, from under the roof to the ground. */
  readonly wall: UnitBox;
  /** Heights of the lines between floors, from the roof to the ground, both included. */
  readonly floorLines: readonly number[];
  /** Left edges of the bays and the right edge of the last. */
  readonly bayLines: readonly number[];
  /** How windows are divided, 0 .. 3: one pane, two casements, a cross, a T. */
  readonly sash: number;
  /** From [0, 1): settles choices for the whole picture. */
  readonly variation: number;
}
