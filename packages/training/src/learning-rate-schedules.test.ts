import { expect, test } from "vitest";
import { constantSchedule, linearDecaySchedule, oneCycleFactor } from "./learning-rate-schedules.ts";

test("200 + 200 epochs give MSGAN's factors", () => {
  const schedule = linearDecaySchedule({ constantEpochs: 200, decayEpochs: 200 });
  expect(schedule(0)).toBe(1);
  // MSGAN counts epochs from 1: its 201st still has factor 1, its 400th 1 - 199 / 201.
  expect(schedule(200)).toBe(1);
  expect(schedule(399)).toBeCloseTo(1 - 199 / 201, 12);
  expect(schedule(10_000)).toBe(0);
});

test("a constant schedule stays 1", () => expect(constantSchedule(1e6)).toBe(1));

test("the one-cycle factor rises over a quarter and ends near zero", () => {
  expect(oneCycleFactor(0, 100)).toBeCloseTo(1 / 25);
  expect(oneCycleFactor(25, 100)).toBe(1);
  expect(oneCycleFactor(99, 100)).toBeLessThan(0.002);
});

test("negative epochs are refused", () => {
  expect(() => linearDecaySchedule({ constantEpochs: -1, decayEpochs: 2 })).toThrow(/expected epochs >= 0/);
});
