import { expect, test } from "vitest";
import { decodeBase64 } from "./base64.ts";

test("decodes what Node encodes, at every length of the last group", () => {
  for (let length = 0; length < 40; length++) {
    const bytes = Buffer.from(Array.from({ length }, (_, index) => (index * 91 + length * 17) % 256));
    expect(Buffer.from(decodeBase64(bytes.toString("base64"))).equals(bytes)).toBe(true);
  }
});

test("refuses other characters and broken lengths", () => {
  expect(() => decodeBase64("abc")).toThrow("multiple of 4 characters, got 3");
  expect(() => decodeBase64("ab-d")).toThrow("unexpected character at 2");
  expect(() => decodeBase64("a=bc")).toThrow("unexpected character at 1");
  expect(() => decodeBase64("abcé")).toThrow("unexpected character at 3");
});
