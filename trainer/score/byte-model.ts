/**
 * A yardstick free of tokenizers: a byte 5-gram that was given the training text (Witten & Bell 1991, interpolated). The
 * unigram model is of one tokenizer, so a model's share of it says nothing beside one with another; of these bits it does.
 *
 *   p(s | c) = (n(cs) + t(c) · p(s | c′)) / (Σ n(c·) + t(c))
 *
 * t(c): kinds of bytes that were seen behind c; c′: c without its first byte; behind nothing at all each byte has 1/256.
 * Contexts are a tree of at most 4 bytes and the one behind, found by hashing; they end where a document does.
 */
import { type Evaluation, evaluationOf } from './bits-per-byte.ts';
import { type HeldOut, stretches } from './held-out.ts';

const ORDER = 5;
/** Nodes of the tree at most, about 100 MB; text behind it is not learnt. */
const MAX_NODES = 2 ** 22;
const ROOT = 0;
const NONE = -1;
const [SEEN, BEHIND, KINDS] = [0, 1, 2];

export class ByteModel {
  /** Learnt so far. */
  bytes = 0;
  readonly #maxNodes: number;
  #nodes = 1;
  /** Of each slot parent · 256 + byte + 1 (0: free), and the node. */
  #slots = new Int32Array(2 * 2 ** 12);
  /** Of each node `SEEN` times that it was seen, `BEHIND` that something came behind it, and `KINDS` of what; one is free. */
  #facts = new Uint32Array(4 * 2 ** 11);

  constructor(maxNodes = MAX_NODES) {
    this.#maxNodes = maxNodes;
  }

  /** Reads a text that begins behind nothing. @returns false when there is no room: the rest was not learnt */
  learn(text: Uint8Array): boolean {
    const contexts = behindNothing();
    for (const byte of text) {
      if (this.#nodes + ORDER > this.#maxNodes) return false;
      for (let n = 0, next = ROOT; n < ORDER && contexts[n] !== NONE; n++) {
        const parent = contexts[n];
        const node = this.#nodeOf(parent, byte, true);
        if (this.#facts[4 * node + SEEN]++ === 0) this.#facts[4 * parent + KINDS]++;
        this.#facts[4 * parent + BEHIND]++;
        contexts[n] = next;
        if (n + 1 < ORDER && contexts[n + 1] === NONE) {
          contexts[n + 1] = node;
          break;
        }
        next = node;
      }
      this.bytes++;
    }
    return true;
  }

  /** Nats of a text behind `before`, of which the last 4 bytes count. */
  nats(text: Uint8Array, before = new Uint8Array()): number {
    const contexts = behindNothing();
    for (const byte of before.subarray(1 - ORDER)) this.#share(contexts, byte);
    let nats = 0;
    for (const byte of text) nats -= Math.log(this.#share(contexts, byte));
    return nats;
  }

  /** Of a byte behind these contexts, which it goes into. */
  #share(contexts: Int32Array, byte: number): number {
    let share = 1 / 256;
    for (let n = 0, next = ROOT; n < ORDER; n++) {
      const parent = contexts[n];
      contexts[n] = next;
      next = NONE;
      if (parent === NONE) continue;
      const [behind, kinds] = [this.#facts[4 * parent + BEHIND], this.#facts[4 * parent + KINDS]];
      next = this.#nodeOf(parent, byte, false);
      if (behind > 0) share = ((next === NONE ? 0 : this.#facts[4 * next + SEEN]) + kinds * share) / (behind + kinds);
    }
    return share;
  }

  #nodeOf(parent: number, byte: number, makes: boolean): number {
    const key = parent * 256 + byte + 1;
    const slot = slotOf(this.#slots, key);
    if (this.#slots[slot] === key) return this.#slots[slot + 1];
    if (!makes) return NONE;
    if (4 * this.#nodes === this.#facts.length) {
      this.#grow();
      return this.#nodeOf(parent, byte, true);
    }
    this.#slots.set([key, this.#nodes], slot);
    return this.#nodes++;
  }

  #grow(): void {
    const [slots, facts] = [this.#slots, this.#facts];
    this.#slots = new Int32Array(2 * slots.length);
    for (let i = 0; i < slots.length; i += 2) {
      if (slots[i] > 0) this.#slots.set(slots.subarray(i, i + 2), slotOf(this.#slots, slots[i]));
    }
    this.#facts = new Uint32Array(2 * facts.length);
    this.#facts.set(facts);
  }
}

/** Where the key is, or may be put. */
function slotOf(slots: Int32Array, key: number): number {
  const mixed = Math.imul(key ^ (key >>> 15), 0x9e3779b1);
  const mask = slots.length - 2;
  let slot = ((mixed ^ (mixed >>> 13)) << 1) & mask;
  while (slots[slot] !== 0 && slots[slot] !== key) slot = (slot + 2) & mask;
  return slot;
}

/** Of the n bytes before a place their node: the root alone, for nothing was read. */
const behindNothing = (): Int32Array => new Int32Array(ORDER).fill(NONE).fill(ROOT, 0, 1);

/** Bits per byte under it; what stands before a window is read, as a model reads the token before it. */
export async function evaluateBytes(model: ByteModel, heldOut: HeldOut): Promise<Evaluation> {
  const bytesOf = await heldOut.tokenizer.bytesOf();
  const nats = new Float64Array(heldOut.pieces.length);
  const lengths = heldOut.pieces.map(({ length }) => length);
  let before = new Uint8Array();
  for await (const { index, at, stretch } of stretches(heldOut.tokens, lengths)) {
    if (at === 0) before = heldOut.pieces[index].begin === 0 ? new Uint8Array() : bytesOf(stretch.subarray(0, 1));
    const text = bytesOf(at === 0 ? stretch.subarray(1) : stretch);
    nats[index] += model.nats(text, before);
    before = text.slice(1 - ORDER);
  }
  return evaluationOf(heldOut, nats);
}
