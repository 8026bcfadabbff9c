import { DataError } from "@divgen/core-tensors";
import { UsageError } from "@divgen/experiment";
import { type MetricName, protocols } from "@divgen/metrics";
import type { FeatureOrigin } from "../samples/sample-set.ts";
import type { EvaluationSettings } from "./evaluation-settings.ts";
import { needsOf } from "./metric-choice.ts";

/** What is about to be measured. */
export interface PlannedEvaluation {
  readonly metrics: readonly MetricName[];
  readonly origin: FeatureOrigin;
  /** Generated samples. */
  readonly count: number;
  /** Folders of the generated images; 1 where they all lie together. */
  readonly groupCount: number;
}

/**
 * Checks that numbers may bear the name of a protocol: it has these metrics, this many samples, this resize.
 *
 * @throws UsageError for metrics or an extractor outside of the protocol, DataError for other numbers of samples.
 */
export function assertProtocol({ protocol: name, distance }: EvaluationSettings, planned: PlannedEvaluation): void {
  if (name === "custom") return;
  const protocol = protocols[name];
  const refuse = (expected: string, got: string): string =>
    `protocol ${name}: expected ${expected}, got ${got}; without --protocol the numbers are marked custom`;
  for (const metric of planned.metrics) {
    const { group } = needsOf(metric);
    const isPinned =
      (group === "bins" && protocol.bins !== undefined) ||
      (group === "pairwise" && protocol.pairsPerInput !== undefined) ||
      (group === "frechet" && protocol.modes?.rule === undefined && name !== "segment-facades") ||
      (group === "inception" && name === "selfcond-cifar10");
    if (!isPinned) throw new UsageError(`protocol ${name} says nothing about ${metric}: measure it without --protocol`);
    if (group === "bins" && protocol.bins?.per === "class") {
      throw new UsageError(`protocol ${name} makes bins for each class: evaluate class by class without --protocol`);
    }
    if (group === "bins" && planned.origin.resizeRule !== protocol.resizeRule) {
      throw new UsageError(
        refuse(
          `bins of images with resize rule ${protocol.resizeRule} (--extractor pixels)`,
          `${planned.origin.extractor} with resize rule ${planned.origin.resizeRule}`,
        ),
      );
    }
    if (group === "pairwise" && protocol.samplesPerInput !== undefined) {
      if (planned.count !== planned.groupCount * protocol.samplesPerInput) {
        throw new DataError(
          refuse(
            `${protocol.samplesPerInput} images in each input's folder`,
            `${planned.count} images in ${planned.groupCount} folders`,
          ),
        );
      }
    } else if (planned.count !== protocol.sampleCount) {
      throw new DataError(refuse(`${protocol.sampleCount} generated samples`, String(planned.count)));
    }
  }
  if (planned.metrics.includes("pairwise-distance") && !distance.startsWith("lpips-")) {
    throw new UsageError(refuse("diversity by LPIPS (--distance lpips-alex)", `--distance ${distance}`));
  }
  if (protocol.resizeRule !== "none" && planned.origin.resizeRule !== protocol.resizeRule) {
    throw new UsageError(refuse(`resize rule ${protocol.resizeRule}`, planned.origin.resizeRule));
  }
}
