import { expect, test } from "vitest";
import { spellingHint } from "./index.ts";

test("a hint for a name is the candidate most like it, and nothing where none is like it", () => {
  const names = ["vgg16", "alexnet", "mobilenet-v1"];
  expect(spellingHint("vgg-16", names)).toBe(" Did you mean vgg16?");
  expect(spellingHint("AlexNets", names)).toBe(" Did you mean alexnet?");
  expect(spellingHint("resnet50", names)).toBe("");
  expect(spellingHint("fid", ["jsd", "ndb"])).toBe("");
  expect(spellingHint("vgg16", [])).toBe("");
});
