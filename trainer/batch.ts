/** Batch: the border to the GPU. What the loader gives and one step consumes. */
export interface LoaderState {
  /** Of the token manifest: another corpus means another order. */
  readonly fingerprint: string;
  readonly seed: number;
  readonly epoch: number;
  /** Rows of this epoch already handed out. */
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

export interface Batch extends BatchArrays {
  readonly rows: number;
  readonly length: number;
  /** Targets that count. */
  readonly counted: number;
  /** State after this batch: a loader opened with it continues with the next one. */
  readonly state: LoaderState;
}
