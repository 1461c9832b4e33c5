/**
 * What stands in the place where workers meet. Rounds are a log that only grows until a checkpoint of the director covers
 * its beginning: whoever reads it from a checkpoint on comes to the same weights.
 *
 *   run.json                  what is trained, for the handshake
 *   workers/NAME/hello.json   somebody is there: { session }         beat.json   and lives
 *   rounds/000001/plan.json   leases of the round                    written by the director
 *                 weights.bin the shared weights, where somebody is new
 *                 delta/NAME.bin what a worker moved                 written by workers
 *                 update.bin  who took part, and what that moves     closes the round
 *   end.json                  no round comes after this
 */
import { badInput } from '../../crawlers/shell/errors.ts';
import type { ModelConfig } from '../model/config.ts';
import type { Lease, Pool } from './leases.ts';

/** What a weight's change travels as: 2 bytes, or 1 (payload.ts). */
export const PAYLOADS = ['f16', 'int8'] as const;
export type Payload = (typeof PAYLOADS)[number];

export interface ElasticSettings {
  /** Optimizer steps of every worker between two exchanges, H. */
  readonly innerSteps: number;
  readonly outerLearningRate: number;
  readonly outerMomentum: number;
  readonly payload: Payload;
  /** Largest norm of what a worker moved, over the median of the last rounds. */
  readonly outerClip: number;
}

/** How the director treats workers: not part of what is trained. */
export interface Patience {
  /** A round begins with so many at least. */
  readonly minWorkers: number;
  /** Seconds without a sign of life after which a worker is taken to be dead. */
  readonly workerTimeout: number;
  /** Every worker gets as many rows, whatever its speed. */
  readonly even: boolean;
}

export const RUN_FORMAT = 'vua-elastic';
const RUN_VERSION = 1;

export interface RunFacts {
  readonly format: typeof RUN_FORMAT;
  readonly version: number;
  /** Of this run, drawn once. */
  readonly id: string;
  readonly config: ModelConfig;
  readonly storage: 'f32' | 'f16';
  /** Of a micro-batch: leases are whole ones. */
  readonly rows: number;
  readonly settings: ElasticSettings;
  /** What must be alike, by name (`Identity`). */
  readonly identity: Readonly<Record<string, number | string>>;
  /** What a worker is made from (`TrainingOptions`). */
  readonly options: Readonly<Record<string, unknown>>;
}

export const runFacts = (facts: Omit<RunFacts, 'format' | 'version'>): RunFacts => ({
  ...{ format: RUN_FORMAT, version: RUN_VERSION },
  ...facts,
});

/** @throws ToolkitError BAD_INPUT, NEWER_FORMAT (exit 2) */
export function checkFacts(facts: RunFacts | undefined, where: string): RunFacts | undefined {
  if (facts === undefined) return undefined;
  if (facts.format !== RUN_FORMAT)
    throw badInput('BAD_INPUT', `${where}: run.json is of ${facts.format}, expected ${RUN_FORMAT}`);
  if (facts.version > RUN_VERSION)
    throw badInput(
      'NEWER_FORMAT',
      `${where}: version ${facts.version}, this program joins up to ${RUN_VERSION}`,
      'update vua',
    );
  return facts;
}

export interface Plan {
  readonly round: number;
  /** Sessions of those that have a lease. */
  readonly workers: Readonly<Record<string, string>>;
  readonly leases: readonly Lease[];
  /** Optimizer steps of a worker, fewer where its lease has fewer micro-batches. */
  readonly steps: number;
  /** Steps of the run before the round, and in it: where rates are read. Not whole where leases were lost. */
  readonly begin: number;
  readonly advance: number;
  /** What is left behind the leases. */
  readonly pool: Pool;
  /** That shares follow. */
  readonly speeds: Readonly<Record<string, number>>;
}

export interface DeltaFacts {
  readonly worker: string;
  readonly session: string;
  readonly round: number;
  readonly rows: number;
  readonly steps: number;
  readonly seconds: number;
  /** Mean over its steps. */
  readonly loss: number;
  readonly gradNorm: number;
  readonly norm: number;
}

export interface UpdateFacts {
  readonly round: number;
  /** In the order of their leases. */
  readonly participants: readonly string[];
  /** Of the weights behind it. */
  readonly weights: string;
}

const roundName = (round: number): string => `rounds/${String(round).padStart(6, '0')}/`;

export const NAMES = {
  ...{ run: 'run.json', end: 'end.json', workers: 'workers/', rounds: 'rounds/', round: roundName },
  worker: (worker: string) => `workers/${worker}/`,
  hello: (worker: string) => `workers/${worker}/hello.json`,
  beat: (worker: string) => `workers/${worker}/beat.json`,
  plan: (round: number) => `${roundName(round)}plan.json`,
  weights: (round: number) => `${roundName(round)}weights.bin`,
  delta: (round: number, worker: string) => `${roundName(round)}delta/${worker}.bin`,
  update: (round: number) => `${roundName(round)}update.bin`,
} as const;
