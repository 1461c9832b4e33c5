/** Batch: the border to the GPU. What the loader gives and one step (or one micro-step) consumes. */
export interface LoaderState {
  /** Of the row sequence: other tokens, weights, row length or layout mean another order. */
  readonly fingerprint: string;
  readonly seed: number;
  /** Rows already handed out: `epoch` times all rows of the folders, and `position`. */
  readonly epoch: number;
  readonly position: number;
}

/** The arrays are valid until the next batch is asked for. */
export interface Batch {
  /** rows × length token ids, and for each the id that follows it (0xffffffff: ignored). */
  readonly tokens: Uint32Array<ArrayBuffer>;
  readonly targets: Uint32Array<ArrayBuffer>;
  /**
   * rows × length: for each position the index within its row where its document starts; attention may look no further
   * back. All 0 when documents are not masked.
   */
  readonly documentStarts: Uint32Array<ArrayBuffer>;
  /** Positions sorted by token, stable: token v stands at order[starts[v]] … order[starts[v + 1] − 1]. */
  readonly order: Uint32Array<ArrayBuffer>;
  /** padded vocabulary + 1 */
  readonly starts: Uint32Array<ArrayBuffer>;
  readonly rows: number;
  readonly length: number;
  /** Targets that count. */
  readonly counted: number;
  /** State behind this batch: a loader opened with it continues with the next one. */
  readonly state: LoaderState;
}
