import { addContingency, type Contingency, contingencyOf } from "./contingency.ts";
import { createMergeableMetric, type MergeableMetric } from "./metric-accumulator.ts";
import { describeMetric, type MetricName, type Provenance } from "./metric-result.ts";
import { agreementOf, rowsOf } from "./partition-agreement.ts";

/** Class and cluster of some rows. */
export interface LabelledRows {
  /** Integers >= 0. */
  readonly classes: ArrayLike<number>;
  /** As many integers >= 0. */
  readonly clusters: ArrayLike<number>;
}

/**
 * `partitionAgreement` of streamed rows: NMI, purity, inverse purity, adjusted Rand index and accuracy after matching.
 * Keeps the contingency table alone, which grows with the largest numbers seen; the order of rows does not matter, and
 * merged states give the bits of one pass.
 */
export function createPartitionAgreement(provenance: Provenance): MergeableMetric<LabelledRows, Contingency> {
  return createMergeableMetric<LabelledRows, Contingency>({
    empty: () => contingencyOf([], []),
    measure: ({ classes, clusters }) => contingencyOf(classes, clusters),
    absorb: addContingency,
    countOf: rowsOf,
    describe: (table, count) => {
      const { nmi, geometricNmi, purity, inversePurity, ari, hungarianAccuracy } = agreementOf(table);
      const sizes = { classes: table.classCount, clusters: table.clusterCount };
      const result = (metric: MetricName, value: number, details = {}) =>
        describeMetric(metric, value, count, provenance, { details: { ...sizes, ...details } });
      return [
        result("nmi", nmi, { geometricNmi }),
        result("purity", purity),
        result("inverse-purity", inversePurity),
        result("ari", ari),
        result("hungarian-accuracy", hungarianAccuracy),
      ];
    },
  });
}
