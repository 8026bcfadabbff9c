/**
 * Stands for vitest in a page: tests that the parity files declare are collected, and the page runs them. It knows of
 * `expect` what those files use.
 */
const names = [];
const setups = [];

/** What was declared, in order. */
export const collected = [];

export function describe(name, declare) {
  names.push(name);
  declare();
  names.pop();
}

export function test(name, run) {
  collected.push({ name: [...names, name].join(": "), run });
}
test.each = (rows) => (name, run) => {
  for (const row of rows) test(`${name} ${JSON.stringify(row)}`, () => run(...[row].flat()));
};
export const beforeAll = (run) => setups.push(run);

/** Runs what the files want done first. */
export async function prepare() {
  for (const setup of setups) await setup();
}

const fail = (message) => {
  throw new Error(message);
};
const text = (value) => JSON.stringify(value);

export function expect(received, message = "") {
  const check = (holds, what) => holds || fail(`${message} expected ${what}, received ${text(received)}`);
  return {
    toBe: (expected) => check(Object.is(received, expected), text(expected)),
    toEqual: (expected) => check(text(received) === text(expected), text(expected)),
    toBeLessThan: (limit) => check(received < limit, `less than ${limit}`),
    toBeCloseTo: (expected, digits) => check(Math.abs(received - expected) < 0.5 * 10 ** -digits, `about ${expected}`),
    toBeGreaterThan: (limit) => check(received > limit, `more than ${limit}`),
  };
}
expect.fail = fail;
