/** Batch: the border to the GPU. What the loader gives and one step (or one micro-step) consumes. */
export interface LoaderState {
  /** Of the row sequence: other tokens, weights, row length or layout mean another order. */
  readonly fingerprint: string;
  readonly seed: number;
  /** Rows already handed out: `epoch` times all rows of the folders, and `position`. */
  readonly epoch: number;
  readonly position: number;
}

/** What a step uploads. Arrays of rows × length unless said otherwise; the last three are made where they are missing. */
export interface BatchArrays {
  readonly tokens: Uint32Array<ArrayBuffer>;
  /** For each token the id that follows it; 0xffffffff: ignored. */
  readonly targets: Uint32Array<ArrayBuffer>;
  /** Position within its row at which a token's document begins: attention looks no further back. Missing: 0. */
  readonly documentStarts?: Uint32Array<ArrayBuffer>;
  /** Positions sorted by token, and where each token's run starts [padded vocabulary + 1]: kernels/embedding.ts. */
  readonly order?: Uint32Array<ArrayBuffer>;
  readonly starts?: Uint32Array<ArrayBuffer>;
}

/** The arrays are valid until the next batch is asked for. */
export interface Batch extends Required<BatchArrays> {
  readonly rows: number;
  readonly length: number;
  /** Targets that count. */
  readonly counted: number;
  /** State behind this batch: a loader opened with it continues with the next one. */
  readonly state: LoaderState;
}
