/** Examples that can be counted and fetched by number. Loading may be slow (files) and may fail (`DataError`). */
export interface Dataset<Example> {
  /** For provenance, such as "procedural-facades". */
  readonly name: string;
  /** Number of examples. */
  readonly size: number;
  /** The `index`-th example, 0 <= index < size; always the same. Tensors inside it are owned by the caller. */
  load(index: number): Promise<Example>;
}

/** Data that cannot be used: missing, unreadable, of unlike sizes. Commands end with exit code 3. */
export class DataError extends Error {
  override readonly name = "DataError";
}
