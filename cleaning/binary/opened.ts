/** What the readers of files of programs share: what they give, how they refuse, and the packages that they load. */
import type { Metadata } from '../document.ts';

/** A file that was opened: its text in blocks that blank lines separate, and what it says of itself. */
export interface OpenedFile {
  readonly text: string;
  readonly metadata: Partial<Metadata>;
}

/**
 * Why a file has no text: `damaged`, `encrypted`, `no_text_layer` (its pages are pictures), `too_large` unpacked,
 * `no_reader` (the package that reads it is not installed), `no_train` (it says so itself).
 */
export class Unopened extends Error {
  readonly reason: 'damaged' | 'encrypted' | 'no_text_layer' | 'too_large' | 'no_reader' | 'no_train';
  readonly value: number;
  readonly threshold: number;

  /** @param fact what was found, for whoever reads the reject */
  constructor(reason: Unopened['reason'], fact: string, value = 1, threshold = 0) {
    super(fact);
    this.reason = reason;
    this.value = value;
    this.threshold = threshold;
  }
}

/** Bytes that the parts of one file may have, unpacked: a book of 64 MB of text with its markup has fewer. */
export const MAX_UNPACKED = 256_000_000;

/**
 * A package that only such files need: it is loaded when one is met. Types are the caller's, so that all compiles
 * without it.
 * @throws Unopened no_reader
 */
export async function loadPackage<Module>(name: string): Promise<Module> {
  try {
    const loaded = (await import(name)) as { readonly default?: unknown };
    return ('default' in loaded && Object.keys(loaded).length <= 2 ? loaded.default : loaded) as Module;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw new Unopened('no_reader', `needs the package ${name}: npm install ${name}`);
  }
}

/** Titles that programs write: `Microsoft Word - bao cao.doc`, `Document1`. */
export const isProgramName = (title: string): boolean =>
  /^microsoft \w+|^(?:document|untitled|presentation)\s*\d*$|\.(?:docx?|pdf|rtf|indd|qxd|xlsx?|pptx?|odt)$/i.test(
    title.trim(),
  );
