import type { RowMatrix } from "@divgen/clustering";
import type { PixelImage } from "@divgen/image-files";
import type { FeatureStatistics, Provenance } from "@divgen/metrics";

/** Which network, weights, resize and layer features come from. */
export type FeatureOrigin = Pick<Provenance, "extractor" | "weightHash" | "resizeRule" | "layer">;

/** Images in a folder or an array, decoded when loaded. */
export interface ImageSamples {
  readonly kind: "images";
  /** As the user wrote it. */
  readonly path: string;
  readonly count: number;
  /** Folders directly under the path ("" for the path itself): inputs or classes that the images belong to. */
  readonly groupNames: readonly string[];
  /** Index into `groupNames` of each image. */
  readonly groups: Int32Array;
  /** Path of an image below the folder, or its number in the array. */
  nameOf(index: number): string;
  /** @throws DataError for an image that cannot be decoded. */
  load(index: number): Promise<PixelImage>;
  /** SHA-256 of the contents in order, names left out. */
  contentHash(): Promise<string>;
}

/** Feature vectors of a file, all finite. */
export interface FeatureSamples {
  readonly kind: "features";
  readonly path: string;
  readonly features: RowMatrix;
  /** Absent for an array that does not say. */
  readonly origin?: FeatureOrigin;
  /** SHA-256 of the file. */
  readonly sha256: string;
}

/** Saved mean and covariance. */
export interface StatisticsSamples {
  readonly kind: "statistics";
  readonly path: string;
  /** `count` is infinite where the file does not say. */
  readonly statistics: FeatureStatistics;
  readonly origin?: FeatureOrigin;
  readonly sha256: string;
}

/** What a command can be pointed at. */
export type SampleSet = ImageSamples | FeatureSamples | StatisticsSamples;
