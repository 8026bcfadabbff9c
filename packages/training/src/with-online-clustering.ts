import {
  assignToClusters,
  clusterCounts,
  createOnlineKMeans,
  type OnlineKMeans,
  partitionDrift,
} from "@divgen/clustering";
import { type ClassCondition, type Discriminator, type Judgement, oneHotCodes } from "@divgen/core-tensors";
import { type Tensor, type Tensor2D, zeros } from "@tensorflow/tfjs-core";
import type { ConditionalBatch, SampleBatch } from "./cluster-conditional-objective.ts";
import type { ClusterView } from "./cluster-conditions.ts";
import { partitionAgain } from "./cluster-partition.ts";
import type { ExtraState, Objective, SavedArray, StepContext } from "./objective.ts";
import { collectSampleRows } from "./sample-rows.ts";

/** What is clustered, and into how many clusters. */
export interface OnlineClusteringOptions<Sample extends Tensor> {
  /** The one in training, whose classes are the clusters. Borrowed. */
  readonly discriminator: Discriminator<ClassCondition, Sample>;
  readonly clusterCount: number;
  /**
   * The samples that the first two clusterings see, and that clusters are shown by: the same, in the same order. Batches
   * are disposed after use.
   */
  readonly subset: () => AsyncIterable<Sample> | Iterable<Sample>;
  /** Runs of k-means++ at the start. @defaultValue 10 */
  readonly restarts?: number;
  /** What is clustered, [batch, ...]. @defaultValue the last of the discriminator's features */
  readonly selectFeatures?: (judgement: Judgement) => Tensor;
}

/** The subset by the clusters as they were when it was last labelled. */
export interface OnlineClusterView extends Omit<ClusterView, "history"> {
  /** Share of the subset that lies in another cluster than at the last clustering, which the centers left from. */
  readonly drift: number;
}

/** An objective that finds its conditions itself, anew with every batch. */
export interface OnlineClusteringObjective<Sample extends Tensor> extends Objective<SampleBatch<Sample>> {
  /**
   * As of the last `labelSubset`, or of the last clustering if that came later.
   *
   * @throws Error before the first step, which clusters first.
   */
  readonly clusters: OnlineClusterView;
  /**
   * Assigns the subset to the centers as they stand, by the features of the discriminator as it is (inference mode). What
   * centers have taken in since the first step says little of today's features, so call this before samples are drawn by
   * `clusters`. Changes nothing that training goes on from; a second call before the next step costs nothing.
   *
   * @throws Error before the first step.
   */
  labelSubset(): Promise<void>;
}

/** Subset clusterings before batches move the centers. */
const CLUSTERINGS = 2;

/**
 * Self-conditioning with online k-means: the subset is clustered before the first step (k-means++), and before the second
 * from the induced means; from then on each batch is assigned by the features of the discriminator as it is, and every
 * center moves towards the samples it takes in by (x - center) / n, n counting these samples, so that the first one
 * replaces it. Nothing is renamed: centers keep their numbers as they move.
 *
 * Deviation: the release moves the centers after the networks' update, with features taken once more; here with those
 * that the batch was labelled by.
 *
 * Features are read back at every step, which costs an accelerator its lead.
 *
 * @param objective - taken over: disposing the result disposes it. Gets batches with one-hot clusters as `code`. State:
 *   extra "clusters".
 * @see Liu et al., "Diverse image generation via self-conditioned GANs", CVPR 2020, section 3.2 ("online clustering").
 */
export function withOnlineClustering<Sample extends Tensor>(
  objective: Objective<ConditionalBatch<Sample>>,
  options: OnlineClusteringOptions<Sample>,
): OnlineClusteringObjective<Sample> {
  const { discriminator, clusterCount, subset, restarts = 10 } = options;
  const selectFeatures = options.selectFeatures ?? (({ features }) => features.at(-1)!);
  const partitioning = { clusterCount, startAtInducedMeans: true, renameAfterOld: false, restarts };
  let online: OnlineKMeans | null = null;
  // Of the last clustering, which the next one starts from.
  let subsetLabels: Int32Array | null = null;
  let clusterings = 0;
  // Of the subset as `clusters` shows it; these alone are not saved.
  let shownLabels: Int32Array | null = null;
  let isLabelled = false;

  const featuresOf = (samples: Sample): Tensor => {
    const condition = { code: zeros([samples.shape[0]!, clusterCount]) as Tensor2D };
    return selectFeatures(discriminator.judge(samples, condition, { mode: "inference" }));
  };
  const clusterSubset = async ({ key }: StepContext): Promise<void> => {
    const rows = await collectSampleRows(subset(), featuresOf);
    const { partition } = partitionAgain(rows, subsetLabels, key.split("clusters"), partitioning);
    online = createOnlineKMeans(partition.centers);
    subsetLabels = partition.labels;
    shownLabels = subsetLabels;
    clusterings++;
  };
  const labelsOf = async (samples: Sample): Promise<Int32Array> => {
    const rows = await collectSampleRows([samples.clone() as Sample], featuresOf);
    // While clusterings of the subset are to come, a batch moves a copy that is thrown away.
    const target = clusterings < CLUSTERINGS ? createOnlineKMeans(online!.centers) : online!;
    return target.update(rows).labels;
  };
  const extra: ExtraState = {
    capture: async () => (online === null ? {} : captureOnline(online, subsetLabels!, clusterings)),
    restore: (saved) => {
      // Saved before the first step: there was nothing yet.
      if (Object.keys(saved).length === 0) return;
      ({ online, subsetLabels, clusterings } = restoreOnline(saved, clusterCount));
      shownLabels = subsetLabels;
      isLabelled = false;
    },
  };
  return {
    state: { ...objective.state, extras: { ...objective.state.extras, clusters: extra } },
    get clusters(): OnlineClusterView {
      if (shownLabels === null) throw noClusters();
      const drift = partitionDrift(subsetLabels!, shownLabels);
      return { masses: clusterCounts(shownLabels, clusterCount), labels: shownLabels, drift };
    },
    labelSubset: async () => {
      if (online === null) throw noClusters();
      if (isLabelled) return;
      const rows = await collectSampleRows(subset(), featuresOf);
      shownLabels = assignToClusters(rows, online.centers).labels;
      isLabelled = true;
    },
    step: async (batch, context) => {
      isLabelled = false;
      if (clusterings < CLUSTERINGS) await clusterSubset(context);
      const code = oneHotCodes(await labelsOf(batch.samples), clusterCount);
      try {
        return await objective.step({ ...batch, code }, context);
      } finally {
        code.dispose();
      }
    },
    dispose: () => objective.dispose(),
  };
}

const noClusters = (): Error => new Error("clusters: there are none before the first step");

function captureOnline(
  { centers, counts }: OnlineKMeans,
  subsetLabels: Int32Array,
  clusterings: number,
): Record<string, SavedArray> {
  return {
    centers: { shape: [centers.rows, centers.columns], values: centers.values.slice() },
    counts: { shape: [counts.length], values: counts.slice() },
    labels: { shape: [subsetLabels.length], values: subsetLabels.slice() },
    clusterings: { shape: [1], values: Int32Array.of(clusterings) },
  };
}

function restoreOnline(
  saved: Readonly<Record<string, SavedArray>>,
  clusterCount: number,
): { online: OnlineKMeans; subsetLabels: Int32Array; clusterings: number } {
  const [centers, counts, labels, clusterings] = ["centers", "counts", "labels", "clusterings"].map((name) => {
    const array = saved[name];
    if (array === undefined) throw new RangeError(`saved clusters: expected an array "${name}", got none`);
    return array;
  }) as [SavedArray, SavedArray, SavedArray, SavedArray];
  const [rows = 0, columns = 0] = centers.shape;
  if (rows !== clusterCount) throw new RangeError(`saved clusters: expected ${clusterCount} centers, got ${rows}`);
  return {
    online: createOnlineKMeans({ values: Float64Array.from(centers.values), rows, columns }, counts.values),
    subsetLabels: Int32Array.from(labels.values),
    clusterings: clusterings.values[0]!,
  };
}
