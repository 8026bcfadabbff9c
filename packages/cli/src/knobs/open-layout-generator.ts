import { DataError, type Generator, type LayoutCondition } from "@divgen/core-tensors";
import { type GeneratorDescription, loadTrained, openRunDirectory, readGeneratorDescription } from "@divgen/experiment";
import { createLabelPalette, type LabelClass, type LabelPalette } from "@divgen/image-files";
import { type CascadedRefinementOptions, createCascadedRefinement } from "@divgen/models-crn";
import { createLayoutUnet, type LayoutUnetOptions, pix2pixInitializer } from "@divgen/models-pix2pix";
import { randomKey } from "@divgen/random";

/** A generator from layouts with one knob a class, with its newest weights. */
export interface OpenedLayoutGenerator {
  readonly generator: Generator<LayoutCondition>;
  readonly palette: LabelPalette;
  readonly height: number;
  readonly width: number;
  /** Whether it keeps its dropout while making images, as Pix2Pix does. */
  readonly keepsDropout: boolean;
  /** Step of the checkpoint. */
  readonly step: number;
  dispose(): void;
}

type Built = Pick<OpenedLayoutGenerator, "generator" | "height" | "width" | "keepsDropout">;

const builders: Readonly<Record<string, (options: GeneratorDescription["options"]) => Built>> = {
  "layout-unet": (given) => {
    const options = { ...(given as unknown as LayoutUnetOptions), initializer: pix2pixInitializer };
    const generator = createLayoutUnet(randomKey(0), options);
    return { generator, height: options.size, width: options.size, keepsDropout: options.dropoutRate > 0 };
  },
  "cascaded-refinement": (given) => {
    const options = given as unknown as CascadedRefinementOptions;
    if (!options.hasNoise) throw new DataError("expected a generator with knobs, got one of many outputs without any");
    const generator = createCascadedRefinement(randomKey(0), options);
    return { generator, height: options.height, width: options.height * options.aspect, keepsDropout: false };
  },
};

/**
 * Builds the generator that a run describes in `generator.json` and loads its newest weights.
 *
 * @throws DataError if the path is no run, or its generator has no knobs, or it has no checkpoint.
 */
export async function openLayoutGenerator(runPath: string): Promise<OpenedLayoutGenerator> {
  const { kind, network, options } = await readGeneratorDescription(runPath);
  const build = builders[kind];
  if (build === undefined) {
    throw new DataError(
      `${runPath}: expected a generator with knobs (${Object.keys(builders).join(" or ")}: a run of apps/segment-diversity), got "${kind}"`,
    );
  }
  const { layout, ...shape } = options;
  const { palette: name, classes } = layout as unknown as { palette: string; classes: LabelClass[] };
  const built = build(shape);
  const directory = openRunDirectory(runPath);
  try {
    const step = await loadTrained(directory, { [network]: built.generator });
    return { ...built, palette: createLabelPalette(name, classes), step, dispose: () => built.generator.dispose() };
  } catch (error) {
    built.generator.dispose();
    throw error;
  } finally {
    directory.close();
  }
}
