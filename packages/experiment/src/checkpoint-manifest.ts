import { canonicalJson, type JsonValue, sha256 } from "./canonical-json.ts";

/** Shapes of arrays by name. */
export type Shapes = Readonly<Record<string, readonly number[]>>;

/** What a checkpoint holds, and how to tell that it is whole. Stored as `manifest.json`. */
export interface CheckpointManifest {
  /** Steps finished when it was saved. */
  readonly step: number;
  /** Hash of the run's configuration at that time. */
  readonly configHash: string;
  /** A name that keeps the checkpoint from being removed, such as "best". */
  readonly name: string | null;
  /** Whatever the run wants to find again. */
  readonly metadata: Readonly<Record<string, JsonValue>>;
  readonly networks: Readonly<
    Record<string, { readonly file: string; readonly parameters: Shapes; readonly buffers: Shapes }>
  >;
  readonly optimizers: Readonly<
    Record<
      string,
      { readonly file: string; readonly updates: number; readonly learningRate: number; readonly slots: Shapes }
    >
  >;
  readonly extras: Readonly<Record<string, { readonly file: string; readonly arrays: Shapes }>>;
  /** Length and SHA-256 of each file beside the manifest. */
  readonly files: Readonly<Record<string, { readonly bytes: number; readonly sha256: string }>>;
}

/** Version of the layout of checkpoint directories. */
export const CHECKPOINT_FORMAT = 1;

/** A checkpoint whose bytes are not what was saved. The message is the reason alone. */
export class DamagedCheckpoint extends Error {
  override readonly name = "DamagedCheckpoint";
}

/** A checkpoint of a format that this version does not know. */
export class UnknownCheckpointFormat extends Error {
  override readonly name = "UnknownCheckpointFormat";
}

/** The text of `manifest.json`: canonical, with the format version and a checksum of the rest. */
export function manifestText(manifest: CheckpointManifest): string {
  return textOf({ ...manifest, formatVersion: CHECKPOINT_FORMAT });
}

/**
 * @throws DamagedCheckpoint if the text is not, byte for byte, what `manifestText` made.
 * @throws UnknownCheckpointFormat if it is whole but of another version.
 */
export function parseManifest(text: string): CheckpointManifest {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw new DamagedCheckpoint("manifest.json is no valid JSON");
  }
  if (typeof parsed !== "object" || parsed === null) throw new DamagedCheckpoint("manifest.json holds no object");
  const { checksum: _, ...content } = parsed as Record<string, unknown>;
  if (text !== textOf(content)) throw new DamagedCheckpoint("manifest.json does not match its own checksum");
  const { formatVersion, ...manifest } = content;
  if (formatVersion !== CHECKPOINT_FORMAT) {
    throw new UnknownCheckpointFormat(
      `expected checkpoint format version ${CHECKPOINT_FORMAT}, got ${JSON.stringify(formatVersion)}`,
    );
  }
  return manifest as unknown as CheckpointManifest;
}

function textOf(content: object): string {
  return `${canonicalJson({ ...content, checksum: sha256(canonicalJson(content)) }, 2)}\n`;
}
