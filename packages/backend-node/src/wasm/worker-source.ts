/**
 * What a thread runs: it waits for the next generation, takes chunks while there are any, and waits again. A string,
 * since a worker needs a file or a string and packages are bundled in many ways.
 */
export const workerSource = `
const { module, memory, area, chunkTable, chunkWords, generation, chunksLeft, chunksDone } =
  require("node:worker_threads").workerData;
const kernels = new WebAssembly.Instance(module, { env: { memory } }).exports;
kernels.__stack_pointer.value = area.stackTop;
const control = new Int32Array(memory.buffer, 0, chunkTable / 4);
const table = new Int32Array(memory.buffer, chunkTable, 512 * chunkWords);
for (let seen = 0; ; ) {
  Atomics.wait(control, generation, seen);
  seen = Atomics.load(control, generation);
  for (let left = Atomics.sub(control, chunksLeft, 1); left > 0; left = Atomics.sub(control, chunksLeft, 1)) {
    const at = (left - 1) * chunkWords;
    kernels.gemm(table[at], area.scratch, table[at + 1], table[at + 2], table[at + 3], table[at + 4]);
    Atomics.add(control, chunksDone, 1);
    Atomics.notify(control, chunksDone);
  }
}
`;
