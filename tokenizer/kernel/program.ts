/** The kernel of kernel.ts, ready to run: assembled and compiled once for each split rule. */
import type { Automaton } from '../text/automaton.ts';
import { ID_OF_BYTE } from '../text/byte-level.ts';
import type { SplitRule } from '../text/split.ts';
import type { UnicodeFacts } from '../text/unicode.ts';
import { PIECE_BYTES } from './join.ts';
import { type KernelExports, type KernelLayout, kernelSource, MADE_BYTES } from './kernel.ts';
import { BATCH_BYTES } from './scan.ts';
import { vectorBytes } from './vectors.ts';
import { assemble } from './wat.ts';

export interface ScanTables {
  readonly unicode: UnicodeFacts;
  /** Class of each ASCII character. */
  readonly ascii: Uint8Array;
  readonly letters: Automaton;
  readonly stable: Automaton;
}

const PAGE = 1 << 16;
const programs = new Map<string, ScanProgram | undefined>();

/** Undefined where there is no WebAssembly, or none with vectors. */
export function scanProgram(rule: SplitRule, tables: () => ScanTables): ScanProgram | undefined {
  const key = `${rule.name} ${rule.digits}`; // the scan is the same with merges across spaces and without
  if (!programs.has(key)) programs.set(key, compile(rule, tables));
  return programs.get(key);
}

function compile(rule: SplitRule, tables: () => ScanTables): ScanProgram | undefined {
  try {
    return new ScanProgram(rule, tables());
  } catch {
    return undefined;
  }
}

export class ScanProgram {
  /** What stands at the head of each memory. */
  readonly #head: Uint8Array;
  readonly #module: WebAssembly.Module;

  constructor(rule: SplitRule, { unicode, ascii, letters, stable }: ScanTables) {
    const parts: Uint8Array[] = [];
    let end = 0;
    const place = (part: Uint8Array | Uint16Array): number => {
      const at = end;
      parts.push(new Uint8Array(part.buffer, part.byteOffset, part.byteLength));
      end += (part.byteLength + 15) & ~15;
      return at;
    };
    const layout: KernelLayout = {
      ascii: place(ascii),
      mask: place(new Uint8Array(32).fill(0xff, 0, 16)),
      blocks: place(unicode.blockOf),
      facts: place(unicode.facts),
      letters: place(letters.transitions),
      lettersStop: letters.stop,
      stable: place(stable.transitions),
      stableStop: stable.stop,
      idOfByte: place(Uint8Array.from(ID_OF_BYTE)),
      vectors: place(vectorBytes()),
      found: place(new Uint8Array(BATCH_BYTES)),
      made: place(new Uint8Array(MADE_BYTES)),
      piece: place(new Uint8Array(PIECE_BYTES)),
    };
    this.#head = new Uint8Array(end);
    let at = 0;
    for (const part of parts) {
      this.#head.set(part, at);
      at += (part.byteLength + 15) & ~15;
    }
    this.#module = new WebAssembly.Module(assemble(kernelSource(layout, rule)));
  }

  /** Bytes at the head of a memory that are taken. */
  get headBytes(): number {
    return this.#head.length;
  }

  /** @param bytes Size of the memory, head included. @returns undefined when there is not so much. */
  open(bytes: number): { buffer: ArrayBuffer; kernel: KernelExports } | undefined {
    try {
      const memory = new WebAssembly.Memory({ initial: Math.ceil(bytes / PAGE) });
      new Uint8Array(memory.buffer).set(this.#head);
      const { exports } = new WebAssembly.Instance(this.#module, { env: { memory } });
      return { buffer: memory.buffer, kernel: exports as unknown as KernelExports };
    } catch (error) {
      if (error instanceof RangeError) return undefined;
      throw error;
    }
  }
}
