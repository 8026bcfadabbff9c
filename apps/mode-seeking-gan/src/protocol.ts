import type { Config } from "./config.ts";

/**
 * Name of the protocol with its numbers. "msgan-cifar10" alone is the paper's, to the letter. For pairs the paper measures
 * diversity on all test inputs and distances on 100 of them; here one set serves both, so the numbers are always said.
 */
export function protocolOf({ task, data, evaluation }: Config): string {
  const { inputs, samplesPerInput, pairsPerInput, bins } = evaluation;
  if (task === "cifar10") {
    const { reference } = evaluation;
    if (samplesPerInput === 5000 && bins === 250 && reference >= 5000 && data.trainCount >= 5000)
      return "msgan-cifar10";
    return `msgan-cifar10, ${samplesPerInput} samples, ${reference} reference images and ${bins} bins a class`;
  }
  const name = isMaps(data) ? "msgan-maps" : "msgan-facades";
  return `${name}, ${inputs} inputs x ${samplesPerInput}, ${pairsPerInput} pairs, ${bins} bins, ${data.size} x ${data.size}`;
}

/** Whether pairs are the maps: the paper has other numbers and another protocol for them. */
export function isMaps({ source, path }: Config["data"]): boolean {
  return source === "paired-folder" && /maps/i.test(path);
}
