/** Documents, tokens and their hashes: the same for every engine. */
import { type Checksum, createChecksum } from '../../checksum.ts';
import type { TokenArray } from '../../tokens/source.ts';
import { eachLength, type TokenDocuments } from './engine.ts';

export class Sums {
  documents = 0;
  tokens = 0;
  readonly #tokens = createChecksum();
  readonly #lengths = createChecksum();
  #wide = new Uint32Array(1 << 16);

  add(documents: TokenDocuments): void {
    this.documents += documents.count;
    this.tokens += documents.tokens.length;
    updateWide(this.#tokens, documents.tokens, this.#wide);
    const lengths = new Uint32Array(documents.count);
    eachLength(documents, (length, i) => {
      lengths[i] = length;
    });
    updateWide(this.#lengths, lengths, this.#wide);
  }

  digests(): { tokenHash: string; lengthHash: string } {
    return { tokenHash: this.#tokens.digest(), lengthHash: this.#lengths.digest() };
  }
}

/** Numbers of four bytes go into the checksum; narrower ones are made wide in `room`. */
function updateWide(checksum: Checksum, numbers: TokenArray, room: Uint32Array): void {
  if (numbers instanceof Uint32Array) {
    checksum.update(new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength));
    return;
  }
  for (let at = 0; at < numbers.length; at += room.length) {
    const part = numbers.subarray(at, at + room.length);
    room.set(part);
    checksum.update(new Uint8Array(room.buffer, 0, 4 * part.length));
  }
}
