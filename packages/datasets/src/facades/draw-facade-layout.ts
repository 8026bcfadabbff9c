import type { RandomKey } from "@divgen/random";
import { createDraws, type Draws } from "./draws.ts";
import type { FacadeClass, FacadeLayout, FacadePart, UnitBox } from "./facade-layout.ts";
import { addGroundFloor } from "./ground-floor.ts";

/** Adds parts in paint order. */
export type AddPart = (
  className: FacadeClass,
  left: number,
  top: number,
  right: number,
  bottom: number,
  role?: "roof" | "shutter",
) => void;

/** What all upper floors of one facade share. */
interface UpperFloorPlan {
  /** Window width over bay width. */
  readonly windowWidth: number;
  /** Window height over floor height. */
  readonly windowHeight: number;
  readonly heads: boolean;
  readonly sills: boolean;
  readonly shutters: boolean;
  readonly rollers: boolean;
  readonly panels: boolean;
  /** Which windows have a balcony, by floor (from the roof) and bay. */
  readonly hasBalcony: (floor: number, bay: number) => boolean;
}

/**
 * A plausible facade: floors, bays, windows with heads, sills, blinds and balconies, moldings, pillars, decoration, and
 * a ground floor of doors, shops or windows. Depends on the key alone, never on a style.
 */
export function drawFacadeLayout(key: RandomKey): FacadeLayout {
  const draws = createDraws(key);
  const parts: FacadePart[] = [];
  const add: AddPart = (className, left, top, right, bottom, role) => {
    const box = { left, top, right, bottom };
    parts.push({ className, box, variation: draws.unit(), ...(role ? { role } : {}) });
  };
  const wall: UnitBox = {
    left: draws.chance(0.45) ? 0 : draws.between(0.03, 0.11),
    right: 1 - (draws.chance(0.45) ? 0 : draws.between(0.03, 0.11)),
    top: draws.between(0.07, 0.17),
    bottom: draws.between(0.93, 0.975),
  };
  const floorLines = drawFloorLines(draws, wall);
  const bayLines = drawBayLines(draws, wall, floorLines[2]! - floorLines[1]!);
  const groundTop = floorLines.at(-2)!;
  const roofHeight = draws.between(0.022, 0.038);

  addAttic(draws, add, wall);
  add("facade", wall.left, wall.top, wall.right, wall.bottom);
  addStringCourses(draws, add, wall, floorLines);
  addPillars(draws, add, wall, bayLines, groundTop, roofHeight);
  const plan = drawUpperFloorPlan(draws, floorLines, bayLines);
  for (let floor = 0; floor < floorLines.length - 2; floor++) {
    const top = floorLines[floor]! + (floor === 0 ? roofHeight : 0);
    for (let bay = 0; bay < bayLines.length - 1; bay++) {
      addWindow(draws, add, plan, floor, bay, {
        left: bayLines[bay]!,
        right: bayLines[bay + 1]!,
        top,
        bottom: floorLines[floor + 1]!,
      });
    }
  }
  addFrieze(draws, add, wall, bayLines, roofHeight);
  const overhang = 0.012;
  add("molding", wall.left - overhang, wall.top, wall.right + overhang, wall.top + roofHeight, "roof");
  addGroundFloor(draws, add, bayLines, groundTop, wall.bottom);
  return { parts, wall, floorLines, bayLines, sash: draws.integer(0, 3), variation: draws.unit() };
}

function drawFloorLines(draws: Draws, wall: UnitBox): number[] {
  const upperFloors = draws.pick([1, 2, 2, 3, 3, 3, 4]);
  const groundShare = draws.between(1.05, 1.45);
  const topShare = draws.chance(0.35) ? draws.between(0.72, 0.85) : 1;
  const shares = Array.from({ length: upperFloors + 1 }, (_, floor) =>
    floor === upperFloors ? groundShare : floor === 0 ? topShare : 1,
  );
  return cumulative(wall.top, wall.bottom, shares);
}

/** Bays somewhat narrower or wider than a floor is high, so that windows stand upright. */
function drawBayLines(draws: Draws, wall: UnitBox, floorHeight: number): number[] {
  const wanted = (wall.right - wall.left) / (floorHeight * draws.between(0.72, 1.15));
  const bays = Math.min(6, Math.max(3, Math.round(wanted)));
  const rhythm = draws.pick(["even", "even", "center", "alternate"]);
  const accent = draws.between(1.2, 1.5);
  const shares = Array.from({ length: bays }, (_, bay) => {
    if (rhythm === "center") return Math.abs(bay - (bays - 1) / 2) < 1 ? accent : 1;
    return rhythm === "alternate" && bay % 2 === 1 ? accent : 1;
  });
  const margin = draws.between(0.015, 0.045);
  return cumulative(wall.left + margin, wall.right - margin, shares);
}

function cumulative(start: number, end: number, shares: readonly number[]): number[] {
  const total = shares.reduce((sum, share) => sum + share, 0);
  const lines = [start];
  for (const share of shares) lines.push(lines.at(-1)! + ((end - start) * share) / total);
  return lines;
}

/** A raised middle of one or two steps above the roof line. */
function addAttic(draws: Draws, add: AddPart, wall: UnitBox): void {
  if (!draws.chance(0.35)) return;
  const center = (wall.left + wall.right) / 2;
  const halfWidth = ((wall.right - wall.left) * draws.between(0.3, 0.5)) / 2;
  const height = Math.min(wall.top - 0.02, draws.between(0.035, 0.07));
  add("facade", center - halfWidth, wall.top - height, center + halfWidth, wall.top + 0.01);
  if (height > 0.045) add("deco", center - 0.035, wall.top - height * 0.8, center + 0.035, wall.top - height * 0.15);
  const cap = 0.014;
  add("molding", center - halfWidth - 0.008, wall.top - height - cap, center + halfWidth + 0.008, wall.top - height);
}

function addStringCourses(draws: Draws, add: AddPart, wall: UnitBox, floorLines: readonly number[]): void {
  const everywhere = draws.chance(0.35);
  const height = draws.between(0.012, 0.02);
  for (let line = 1; line < floorLines.length - 1; line++) {
    const overGround = line === floorLines.length - 2;
    if (!everywhere && !(overGround && draws.chance(0.75))) continue;
    const y = floorLines[line]!;
    add("molding", wall.left, y - height / 2, wall.right, y + height / 2);
  }
}

function addPillars(
  draws: Draws,
  add: AddPart,
  wall: UnitBox,
  bayLines: readonly number[],
  groundTop: number,
  roofHeight: number,
): void {
  const where = draws.pick(["none", "none", "edges", "all"]);
  if (where === "none") return;
  const width = draws.between(0.02, 0.032);
  const bottom = draws.chance(0.5) ? wall.bottom : groundTop;
  bayLines.forEach((line, index) => {
    const edge = index === 0 || index === bayLines.length - 1;
    if (where === "edges" && !edge) return;
    const left = Math.min(Math.max(line - width / 2, wall.left), wall.right - width);
    add("pillar", left, wall.top + roofHeight, left + width, bottom);
  });
}

function drawUpperFloorPlan(draws: Draws, floorLines: readonly number[], bayLines: readonly number[]): UpperFloorPlan {
  const floors = floorLines.length - 2;
  const bays = bayLines.length - 1;
  const pattern = draws.pick(["none", "none", "floor", "columns", "center", "scattered"]);
  const balconyFloor = draws.integer(0, floors - 1);
  const parity = draws.integer(0, 1);
  const scattered = Array.from({ length: floors * bays }, () => draws.chance(0.3));
  const blinds = draws.pick(["none", "none", "shutters", "rollers"]);
  return {
    windowWidth: blinds === "shutters" ? draws.between(0.36, 0.46) : draws.between(0.42, 0.62),
    windowHeight: draws.between(0.6, 0.74),
    heads: draws.chance(0.5),
    sills: draws.chance(0.75),
    shutters: blinds === "shutters",
    rollers: blinds === "rollers",
    panels: draws.chance(0.3),
    hasBalcony: (floor, bay) => {
      if (pattern === "floor") return floor === balconyFloor;
      if (pattern === "columns") return bay % 2 === parity;
      if (pattern === "center") return Math.abs(bay - (bays - 1) / 2) < 1;
      return pattern === "scattered" && scattered[floor * bays + bay]!;
    },
  };
}

function addWindow(draws: Draws, add: AddPart, plan: UpperFloorPlan, floor: number, bay: number, cell: UnitBox): void {
  const cellWidth = cell.right - cell.left;
  const cellHeight = cell.bottom - cell.top;
  const center = (cell.left + cell.right) / 2;
  const halfWidth = (cellWidth * plan.windowWidth) / 2;
  const balcony = plan.hasBalcony(floor, bay);
  const height = cellHeight * plan.windowHeight;
  const top = cell.top + (cellHeight - height) * 0.55;
  // A window behind a balcony reaches down to its floor.
  const bottom = balcony ? cell.bottom - cellHeight * 0.06 : top + height;
  const left = center - halfWidth;
  const right = center + halfWidth;

  add("window", left, top, right, bottom);
  if (plan.rollers && draws.chance(0.6)) add("blind", left, top, right, top + height * draws.between(0.2, 0.75));
  if (plan.shutters) {
    const width = Math.min(halfWidth * 0.85, (cellWidth - 2 * halfWidth) * 0.46);
    add("blind", left - width, top, left, top + height, "shutter");
    add("blind", right, top, right + width, top + height, "shutter");
  }
  const lip = cellWidth * 0.05;
  if (plan.heads) add("cornice", left - lip, top - cellHeight * 0.09, right + lip, top - cellHeight * 0.015);
  if (balcony) {
    const reach = Math.min(cellWidth * 0.48, halfWidth + cellWidth * 0.12);
    add("balcony", center - reach, bottom - cellHeight * 0.3, center + reach, bottom + cellHeight * 0.035);
  } else {
    if (plan.sills) add("sill", left - lip, bottom, right + lip, bottom + cellHeight * 0.055);
    if (plan.panels && cell.bottom - bottom > cellHeight * 0.15) {
      add("deco", left, bottom + cellHeight * 0.075, right, bottom + cellHeight * 0.15);
    }
  }
}

/** Ornaments under the roof, between the windows. */
function addFrieze(draws: Draws, add: AddPart, wall: UnitBox, bayLines: readonly number[], roofHeight: number): void {
  if (!draws.chance(0.3)) return;
  const size = draws.between(0.022, 0.032);
  const top = wall.top + roofHeight + 0.008;
  for (const line of bayLines.slice(1, -1)) add("deco", line - size / 2, top, line + size / 2, top + size);
}
