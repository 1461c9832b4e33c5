/**
 * Measured kernel choices on disk, one file per adapter and driver in the user's cache
 * ($XDG_CACHE_HOME/vua/kernels-….json). Without a file an adapter gets the default of its kind at once.
 */
import { createHash } from 'node:crypto';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { readJsonIfPresent, writeFileAtomic } from '../../crawlers/shell/folder.ts';
import type { AdapterFacts } from '../gpu/device.ts';
import { type KernelChoice, kernelsFor } from './choice.ts';
import { type Probed, trusted } from './probed.ts';

const FORMAT = 'vua-kernels';
const VERSION = 2;

interface TuneFile {
  readonly format: typeof FORMAT;
  readonly version: number;
  readonly adapter: string;
  readonly choice: Pick<KernelChoice, 'matmul' | 'attention'>;
  /** What came of trying its matrices. */
  readonly probed?: readonly Probed[];
}

/** Name, architecture and, where Dawn tells it, the driver's version. */
const identity = ({ name, vendor, architecture, kind }: AdapterFacts): string =>
  [kind, vendor, architecture, name].join(' · ');

export function tunePath(facts: AdapterFacts): string {
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
  const hash = createHash('sha256').update(identity(facts)).digest('hex').slice(0, 12);
  return join(cache, 'vua', `kernels-${hash}.json`);
}

export interface Kept {
  readonly choice: KernelChoice;
  /** Classes of products with a choice of their own. */
  readonly tuned: number;
  /** Undefined: its matrices were never tried here. */
  readonly probed?: readonly Probed[];
}

/**
 * The default of the adapter's kind, and over it what was measured here; a GPU's matrices only where a probe found them
 * right. A file of another format is as none.
 */
export function loadChoice(facts: AdapterFacts): Kept {
  const { choice: measured, probed } = fileOf(facts) ?? { choice: { matmul: {}, attention: {} } };
  const base = kernelsFor(trusted(facts, probed ?? []));
  const { matmul, attention } = measured;
  return {
    choice: { ...base, matmul: { ...base.matmul, ...matmul }, attention: { ...base.attention, ...attention } },
    tuned: countOf(measured),
    ...(probed && { probed }),
  };
}

function fileOf(facts: AdapterFacts): TuneFile | undefined {
  let file: TuneFile | undefined;
  try {
    file = readJsonIfPresent<TuneFile>(tunePath(facts));
  } catch {} // damaged: the next `vua tune` replaces it
  const isOurs = file?.format === FORMAT && file.version === VERSION && file.adapter === identity(facts);
  return isOurs ? file : undefined;
}

/** Keys of `matmulClass` have five words, defaults fewer. */
const countOf = ({ matmul }: TuneFile['choice']): number =>
  Object.keys(matmul).filter((key) => key.split(' ').length === 5).length;

export function saveChoice(facts: AdapterFacts, { matmul, attention }: KernelChoice): string {
  return save(facts, { choice: { matmul, attention } });
}

export const saveProbed = (facts: AdapterFacts, probed: readonly Probed[]): string => save(facts, { probed });

/** Beside what the file has. */
function save(facts: AdapterFacts, part: Partial<TuneFile>): string {
  const path = tunePath(facts);
  const head = { format: FORMAT, version: VERSION, adapter: identity(facts), choice: { matmul: {}, attention: {} } };
  writeFileAtomic(path, `${JSON.stringify({ ...head, ...fileOf(facts), ...part }, null, 2)}\n`);
  return path;
}
