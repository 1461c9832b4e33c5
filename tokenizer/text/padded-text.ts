/**
 * A piece of text with zeros before and behind it, so that the loops over its bytes may look around without asking.
 *
 *   │ 16 zeros │ text … │ 80 zeros │ what is left of earlier texts │
 */
const BEFORE = 16;
const BEHIND = 80;

export const paddedBytes = (capacity: number): number => BEFORE + capacity + BEHIND;

export class PaddedText {
  /** The text begins at 0; what stands behind it and its zeros is of no text. */
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /** Bytes of the text. */
  length = 0;

  readonly capacity: number;

  /**
   * @param capacity Bytes of the longest text.
   * @param buffer Where it stands, from `offset` on: zeros, `paddedBytes(capacity)` of them.
   */
  constructor(capacity: number, buffer: ArrayBuffer = new ArrayBuffer(paddedBytes(capacity)), offset = 0) {
    this.capacity = capacity;
    this.bytes = new Uint8Array(buffer, offset + BEFORE, capacity + BEHIND);
    this.view = new DataView(buffer, offset + BEFORE, capacity + BEHIND);
  }

  set(text: Uint8Array): void {
    this.bytes.set(text);
    this.bytes.fill(0, text.length, text.length + BEHIND);
    this.length = text.length;
  }
}
