/** A text in a buffer of its own that zeros follow, so that the loops over its bytes may look ahead without asking. */

/** Zero bytes after the text: what ByteTable reads at once. */
const PADDING = 16;
const SMALLEST = 1 << 12;
/** A larger buffer is given back when a smaller text follows. */
const LARGEST_KEPT = 1 << 22;

export class PaddedText {
  /** The text, zeros, and then what is left of earlier texts. */
  bytes = new Uint8Array(SMALLEST);
  view = new DataView(this.bytes.buffer);
  /** Bytes of the text. */
  length = 0;

  set(text: Uint8Array): void {
    const needed = text.length + PADDING;
    const { length: capacity } = this.bytes;
    if (needed > capacity || (capacity > LARGEST_KEPT && needed < capacity / 2)) {
      this.bytes = new Uint8Array(Math.max(SMALLEST, needed + (needed >> 2)));
      this.view = new DataView(this.bytes.buffer);
    }
    this.bytes.set(text);
    this.bytes.fill(0, text.length, needed);
    this.length = text.length;
  }
}
