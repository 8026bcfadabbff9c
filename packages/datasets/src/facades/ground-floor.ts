import type { AddPart } from "./draw-facade-layout.ts";
import type { Draws } from "./draws.ts";

/** A ground floor: windows with one door, a row of shops, or shops between pillars. */
export function addGroundFloor(
  draws: Draws,
  add: AddPart,
  bayLines: readonly number[],
  top: number,
  bottom: number,
): void {
  const kind = draws.pick(["windows", "windows", "shops", "arcade"]);
  const bays = bayLines.length - 1;
  const height = bottom - top;
  const doorBay = draws.chance(0.5) ? Math.floor(bays / 2) : draws.integer(0, bays - 1);
  const sills = draws.chance(0.6);
  const secondDoor = draws.chance(0.2) ? bays - 1 - doorBay : -1;
  for (let bay = 0; bay < bays; bay++) {
    const left = bayLines[bay]!;
    const width = bayLines[bay + 1]! - left;
    const center = left + width / 2;
    if (bay === doorBay || bay === secondDoor) {
      addDoor(draws, add, center, width, top, bottom);
    } else if (kind === "windows") {
      const half = width * 0.26;
      add("window", center - half, top + height * 0.2, center + half, bottom - height * 0.2);
      if (sills) {
        add("sill", center - half * 1.12, bottom - height * 0.2, center + half * 1.12, bottom - height * 0.155);
      }
    } else {
      const inset = width * (kind === "arcade" ? 0.1 : 0.06);
      add("shop", left + inset, top + height * 0.14, left + width - inset, bottom - height * 0.02);
    }
  }
  if (kind !== "arcade") return;
  for (const line of bayLines) {
    const half = (0.16 * (bayLines.at(-1)! - bayLines[0]!)) / bays / 2;
    add("pillar", line - half, top + height * 0.08, line + half, bottom);
  }
}

function addDoor(draws: Draws, add: AddPart, center: number, width: number, top: number, bottom: number): void {
  const height = bottom - top;
  const half = Math.min(width * draws.between(0.26, 0.36), 0.075);
  const doorTop = top + height * draws.between(0.2, 0.3);
  add("door", center - half, doorTop, center + half, bottom);
  if (draws.chance(0.6)) add("cornice", center - half * 1.2, doorTop - height * 0.08, center + half * 1.2, doorTop);
}
