import type { FrozenConvolutionOptions } from "./frozen-convolution.ts";
import { averagePoolPart, branches, maxPoolPart, rectifiedConvolution, sequence } from "./frozen-parts.ts";
import type { FrozenPart } from "./step-extractor.ts";
import type { WeightLookup } from "./weight-lookup.ts";

/** Added to the variances of Inception's batch normalisations. */
const EPSILON = 1e-3;

type Geometry = Pick<FrozenConvolutionOptions, "kernelSize" | "stride" | "padding">;
const POINT: Geometry = { kernelSize: 1, padding: 0 };
const SQUARE_3: Geometry = { kernelSize: 3, padding: 1 };
const SQUARE_5: Geometry = { kernelSize: 5, padding: 2 };
const HALVING_3: Geometry = { kernelSize: 3, stride: 2, padding: 0 };
const ROW_3: Geometry = { kernelSize: [1, 3], padding: [0, 1] };
const COLUMN_3: Geometry = { kernelSize: [3, 1], padding: [1, 0] };
const ROW_7: Geometry = { kernelSize: [1, 7], padding: [0, 3] };
const COLUMN_7: Geometry = { kernelSize: [7, 1], padding: [3, 0] };

/** Convolution without bias, batch normalisation, ReLU: torchvision's BasicConv2d. */
export function basicConvolution(
  lookup: WeightLookup,
  name: string,
  inputChannels: number,
  outputChannels: number,
  geometry: Geometry,
): FrozenPart {
  return rectifiedConvolution(lookup, {
    name: `${name}.conv`,
    norm: { name: `${name}.bn`, epsilon: EPSILON },
    inputChannels,
    outputChannels,
    ...geometry,
  });
}

/** Which pooling a block's last branch begins with. */
export type BranchPooling = "average" | "average-without-padding" | "max";

/** Builds the branches of one block: convolutions of its name, chained by channel counts. */
class BlockBuilder {
  readonly #lookup: WeightLookup;
  readonly #block: string;
  readonly #inputChannels: number;

  constructor(lookup: WeightLookup, block: string, inputChannels: number) {
    this.#lookup = lookup;
    this.#block = block;
    this.#inputChannels = inputChannels;
  }

  /** Convolutions one after the other, each reading the one before it. */
  chain(...units: readonly (readonly [name: string, outputChannels: number, geometry: Geometry])[]): FrozenPart {
    let inputChannels = this.#inputChannels;
    const parts = units.map(([name, outputChannels, geometry]) => {
      const part = this.unit(name, inputChannels, outputChannels, geometry);
      inputChannels = outputChannels;
      return part;
    });
    return sequence(...parts);
  }

  unit(name: string, inputChannels: number, outputChannels: number, geometry: Geometry): FrozenPart {
    return basicConvolution(this.#lookup, `${this.#block}.${name}`, inputChannels, outputChannels, geometry);
  }

  pooled(pooling: BranchPooling, outputChannels: number): FrozenPart {
    const window = { size: 3, stride: 1, padding: 1 };
    const pool =
      pooling === "max" ? maxPoolPart(window) : averagePoolPart({ ...window, countPadding: pooling === "average" });
    return sequence(pool, this.chain(["branch_pool", outputChannels, POINT]));
  }
}

/** 35 x 35 block with 5 x 5 and doubled 3 x 3 branches. */
export function inceptionA(
  lookup: WeightLookup,
  name: string,
  inputChannels: number,
  poolChannels: number,
  pooling: BranchPooling,
): FrozenPart {
  const block = new BlockBuilder(lookup, name, inputChannels);
  return branches(
    block.chain(["branch1x1", 64, POINT]),
    block.chain(["branch5x5_1", 48, POINT], ["branch5x5_2", 64, SQUARE_5]),
    block.chain(["branch3x3dbl_1", 64, POINT], ["branch3x3dbl_2", 96, SQUARE_3], ["branch3x3dbl_3", 96, SQUARE_3]),
    block.pooled(pooling, poolChannels),
  );
}

/** From 35 x 35 to 17 x 17. */
export function inceptionB(lookup: WeightLookup, name: string, inputChannels: number): FrozenPart {
  const block = new BlockBuilder(lookup, name, inputChannels);
  return branches(
    block.chain(["branch3x3", 384, HALVING_3]),
    block.chain(["branch3x3dbl_1", 64, POINT], ["branch3x3dbl_2", 96, SQUARE_3], ["branch3x3dbl_3", 96, HALVING_3]),
    maxPoolPart({ size: 3, stride: 2 }),
  );
}

/** 17 x 17 block with 7 x 7 convolutions split into rows and columns. */
export function inceptionC(
  lookup: WeightLookup,
  name: string,
  inputChannels: number,
  channels: number,
  pooling: BranchPooling,
): FrozenPart {
  const block = new BlockBuilder(lookup, name, inputChannels);
  return branches(
    block.chain(["branch1x1", 192, POINT]),
    block.chain(["branch7x7_1", channels, POINT], ["branch7x7_2", channels, ROW_7], ["branch7x7_3", 192, COLUMN_7]),
    block.chain(
      ["branch7x7dbl_1", channels, POINT],
      ["branch7x7dbl_2", channels, COLUMN_7],
      ["branch7x7dbl_3", channels, ROW_7],
      ["branch7x7dbl_4", channels, COLUMN_7],
      ["branch7x7dbl_5", 192, ROW_7],
    ),
    block.pooled(pooling, 192),
  );
}

/** From 17 x 17 to 8 x 8. */
export function inceptionD(lookup: WeightLookup, name: string, inputChannels: number): FrozenPart {
  const block = new BlockBuilder(lookup, name, inputChannels);
  return branches(
    block.chain(["branch3x3_1", 192, POINT], ["branch3x3_2", 320, HALVING_3]),
    block.chain(
      ["branch7x7x3_1", 192, POINT],
      ["branch7x7x3_2", 192, ROW_7],
      ["branch7x7x3_3", 192, COLUMN_7],
      ["branch7x7x3_4", 192, HALVING_3],
    ),
    maxPoolPart({ size: 3, stride: 2 }),
  );
}

/** 8 x 8 block whose 3 x 3 convolutions end in rows and columns side by side. */
export function inceptionE(
  lookup: WeightLookup,
  name: string,
  inputChannels: number,
  pooling: BranchPooling,
): FrozenPart {
  const block = new BlockBuilder(lookup, name, inputChannels);
  return branches(
    block.chain(["branch1x1", 320, POINT]),
    sequence(
      block.chain(["branch3x3_1", 384, POINT]),
      branches(block.unit("branch3x3_2a", 384, 384, ROW_3), block.unit("branch3x3_2b", 384, 384, COLUMN_3)),
    ),
    sequence(
      block.chain(["branch3x3dbl_1", 448, POINT], ["branch3x3dbl_2", 384, SQUARE_3]),
      branches(block.unit("branch3x3dbl_3a", 384, 384, ROW_3), block.unit("branch3x3dbl_3b", 384, 384, COLUMN_3)),
    ),
    block.pooled(pooling, 192),
  );
}
