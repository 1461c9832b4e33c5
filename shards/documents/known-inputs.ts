/**
 * Inputs of a run as the memory of cleaning knows them: files of records go on where the last run ended, rows are read
 * again only when a file of theirs changed. What was read is kept with the next commit, never before its pages.
 */
import { resolve } from 'node:path';
import type { openMemory } from '../../cleaning/clean.ts';
import type { Page } from '../../crawlers/page.ts';
import { documentBytesIn, inputOf, type KnownFiles, openInput, rowsState } from '../../crawlers/sources/index.ts';
import { hash64 } from '../checksum.ts';

type Cursors = ReturnType<typeof openMemory>['cursors'];
type Cursor = Parameters<Cursors['set']>[1];
type Reading = NonNullable<Parameters<typeof openInput>[1]>;

/** Rows that belong together: of one input, or of all that have one name. */
interface Rows {
  readonly key: bigint;
  readonly state: string;
  readonly isKnown: boolean;
  pages: number;
  /** Inputs of it that were read to their end without a fault. */
  whole: number;
  readonly inputs: readonly string[];
}

export class KnownInputs implements KnownFiles {
  /** Pages that were passed over: the last run dealt with them. */
  passed = 0;
  readonly #cursors: Cursors;
  readonly #rows = new Map<string, Rows>();
  readonly #read = new Map<bigint, Cursor>();

  /** @throws ToolkitError BAD_INPUT */
  constructor(
    cursors: Cursors,
    inputs: readonly string[],
    { source, consentField, fields, licence }: Pick<Reading, 'source' | 'consentField' | 'fields' | 'licence'>,
  ) {
    this.#cursors = cursors;
    const { text, id, url } = fields ?? {};
    const isSaid = [text, id, url, licence].some((each) => each !== undefined);
    const said = isSaid ? `\n${JSON.stringify([text, id, url, licence])}` : '';
    for (const name of new Set(inputs.map((input) => inputOf(input, source)))) {
      const own = inputs.filter((input) => inputOf(input, source) === name);
      const state = rowsState(own);
      const key = keyOf(`rows of ${name}\n${consentField ?? ''}${said}`);
      const known = cursors.get(key);
      const isKnown = known?.tail === state;
      if (isKnown) this.passed += known.pages;
      this.#rows.set(name, { key, state, isKnown, pages: 0, whole: 0, inputs: own });
    }
  }

  /** Bytes of documents that what is new becomes, by an estimate. @throws ToolkitError BAD_INPUT */
  get newBytes(): number {
    const bytes = [...this.#rows.values()].map(({ isKnown, inputs }) => documentBytesIn(inputs, this, !isKnown));
    return bytes.reduce((sum, each) => sum + each, 0);
  }

  of(path: string): Cursor | undefined {
    return this.#cursors.get(keyOf(resolve(path)));
  }

  keep(path: string, cursor: Cursor): void {
    this.#read.set(keyOf(resolve(path)), cursor);
  }

  pass(pages: number): void {
    this.passed += pages;
  }

  /**
   * What is new of an input.
   * @param faults how many there are by now
   * @param onWhole hears when all of its rows were read
   */
  async *open(input: string, reading: Reading, faults: () => number, onWhole: () => void): AsyncGenerator<Page> {
    const rows = this.#rows.get(inputOf(input, reading.source))!;
    const before = faults();
    for await (const page of openInput(input, { ...reading, known: this, withoutRows: rows.isKnown })) {
      if (page.row !== undefined) rows.pages++;
      yield page;
    }
    if (reading.signal?.aborted || faults() > before || rows.isKnown) return;
    rows.whole++;
    onWhole();
  }

  /** More was read than is known. */
  get hasNews(): boolean {
    return this.#all().size > 0;
  }

  /** Hands over what was read since the run began: for the next commit. */
  write(): void {
    for (const [key, cursor] of this.#all()) this.#cursors.set(key, cursor);
  }

  #all(): ReadonlyMap<bigint, Cursor> {
    for (const { key, state, isKnown, pages, whole, inputs } of this.#rows.values()) {
      if (!isKnown && whole === inputs.length) this.#read.set(key, { size: 0, time: 0n, tail: state, pages });
    }
    return this.#read;
  }
}

const keyOf = (text: string): bigint => BigInt.asIntN(64, hash64(text));
