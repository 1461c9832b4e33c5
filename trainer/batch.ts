/** Batch: the border to the GPU. What the loader gives and one step consumes. */
export interface LoaderState {
  /** Of the token manifest: another corpus means another order. */
  readonly fingerprint: string;
  readonly seed: number;
  readonly epoch: number;
  /** Rows of this epoch already handed out. */
  readonly position: number;
}

export interface Batch {
  /** rows × length token ids, and for each the id that follows it (0xffffffff: ignored). */
  readonly tokens: Uint32Array<ArrayBuffer>;
  readonly targets: Uint32Array<ArrayBuffer>;
  readonly rows: number;
  readonly length: number;
  /** Targets that count. */
  readonly counted: number;
  /** State after this batch: a loader opened with it continues with the next one. */
  readonly state: LoaderState;
}
