/**
 * One that trains: says hello, trains the rows that it is leased with its own optimizer, puts what moved, takes what the
 * round came to. Whoever holds the weights of a round goes on with the next one; whoever has lost the thread says hello anew
 * and gets weights.
 */
import { ToolkitError } from '../../crawlers/shell/errors.ts';
import { checksumOf } from '../../shards/checksum.ts';
import type { SeekableLoader } from '../loader/loader.ts';
import type { StepFigures, Trainer } from '../model/trainer.ts';
import type { Stretch } from './leases.ts';
import { type DeltaFacts, type ElasticSettings, NAMES, type Plan, type UpdateFacts } from './log.ts';
import { norm, readAll, subtract, writeAll } from './outer.ts';
import { decode, encode, seal, unseal } from './payload.ts';
import { getJson, pause, putJson, type Transport } from './transport.ts';

export interface WorkerParts {
  readonly name: string;
  readonly transport: Transport;
  readonly settings: ElasticSettings;
  readonly trainer: Trainer;
  readonly loader: SeekableLoader;
  /** At a step of the run, which need not be whole. */
  readonly rateAt: (step: number) => number;
  /** Seconds between signs of life. */
  readonly beatSeconds: number;
  readonly maxSkips: number;
}

/** Steps whose figures are read together. */
const READ_EVERY = 16;

export class Worker {
  readonly #parts: WorkerParts;
  /** The round that `#weights` begin. */
  #round = 0;
  #weights: Float32Array<ArrayBuffer> | undefined;
  /** What its payloads left out so far. */
  left: Float32Array<ArrayBuffer>;
  session: string;
  #beats = 0;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(parts: WorkerParts, session: string = newSession()) {
    this.#parts = parts;
    this.session = session;
    this.left = new Float32Array(0);
  }

  get name(): string {
    return this.#parts.name;
  }

  async join(): Promise<void> {
    const { transport, name, beatSeconds } = this.#parts;
    await this.#beat();
    await putJson(transport, NAMES.hello(name), { session: this.session });
    this.#timer ??= setInterval(() => void this.#beat().catch(() => {}), 1000 * beatSeconds);
    this.#timer.unref();
  }

  async leave(): Promise<void> {
    this.stop();
    await this.#parts.transport.remove(NAMES.worker(this.name));
  }

  /** No more signs of life: to the others it is dead. */
  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #beat(): Promise<void> {
    return putJson(this.#parts.transport, NAMES.beat(this.name), { session: this.session, beats: this.#beats++ });
  }

  /** Weights with which a round begins. */
  begin(round: number, weights: Float32Array<ArrayBuffer>): void {
    this.#round = round;
    this.#weights = weights.slice();
    if (this.left.length !== weights.length) this.left = new Float32Array(weights.length);
    writeAll(this.#parts.trainer.arena, 'params', weights);
  }

  /**
   * Trains what the plan leases to it and puts what moved. False when it has no lease, or was stopped: the weights on the
   * device are then those of a round half done.
   * @throws ToolkitError NAN_LOSS; what the loader throws
   */
  async train(plan: Plan, signal?: AbortSignal): Promise<boolean> {
    const { transport, settings, trainer } = this.#parts;
    const leases = plan.leases.filter(({ worker }) => worker === this.name);
    if (plan.workers[this.name] !== this.session || leases.length === 0) return false;
    const began = performance.now();
    const figures = await this.#inner(plan, leases, signal);
    if (!figures) return false;
    const moved = this.#weights!.slice();
    subtract(moved, await readAll(trainer.arena, 'params'));
    const facts: DeltaFacts = {
      ...{ worker: this.name, session: this.session, round: plan.round, steps: figures.length },
      rows: leases.reduce((sum, { rows }) => sum + rows, 0),
      seconds: (performance.now() - began) / 1000,
      loss: mean(figures.map(({ loss }) => loss).filter(Number.isFinite)),
      gradNorm: mean(figures.map(({ gradNorm }) => gradNorm).filter(Number.isFinite)),
      norm: norm(moved),
    };
    const body = encode(moved, settings.payload, this.left);
    await transport.put(NAMES.delta(plan.round, this.name), seal(facts, body));
    return true;
  }

  async #inner(plan: Plan, leases: readonly Stretch[], signal?: AbortSignal): Promise<StepFigures[] | undefined> {
    const { trainer, loader, rateAt, maxSkips } = this.#parts;
    const starts = leases.flatMap(({ from, rows }) =>
      Array.from({ length: rows / trainer.rows }, (_, i) => from + i * trainer.rows),
    );
    const steps = Math.min(plan.steps, starts.length);
    const readEvery = trainer.gpu.facts.kind === 'gpu' ? READ_EVERY : 1;
    const figures: StepFigures[] = [];
    for (let step = 0; step < steps; step++) {
      const rate = rateAt(plan.begin + ((step + 1) * plan.advance) / steps);
      const [first, end] = [step, step + 1].map((at) => Math.floor((at * starts.length) / steps));
      for (let at = first; at < end; at++) {
        loader.seek(starts[at]);
        trainer.microStep(await loader.next(), { index: at - first, count: end - first }, rate);
      }
      if ((step + 1) % readEvery !== 0 && step + 1 < steps) continue;
      figures.push(...(await trainer.figures(step + 1 - figures.length)));
      const bad = figures.find(({ loss, skipped }) => skipped > maxSkips || (skipped === 0 && !Number.isFinite(loss)));
      if (bad) throw notFinite(plan, bad);
      if (signal?.aborted) return undefined;
    }
    return figures;
  }

  /**
   * Waits until the round is closed and takes its weights. @returns who took part; none when it was stopped before, or the
   * round is gone or came to other weights
   */
  async follow(round: number, signal?: AbortSignal): Promise<readonly string[] | undefined> {
    const { transport, settings } = this.#parts;
    for (;;) {
      const bytes = await transport.get(NAMES.update(round));
      if (bytes) {
        const { facts, body } = unseal<UpdateFacts>(bytes, NAMES.update(round));
        const weights = this.#weights!.slice();
        if (facts.participants.length > 0) subtract(weights, decode(body, weights.length, settings.payload));
        if (weightsChecksum(weights) !== facts.weights) return undefined;
        this.begin(round + 1, weights);
        return facts.participants;
      }
      if (signal?.aborted || (await transport.get(NAMES.end)) || (await this.#isAhead(round))) return undefined;
      await pause(transport.pauseMs, signal);
    }
  }

  /** The newest plan of the log. */
  async #newest(): Promise<string | undefined> {
    const names = await this.#parts.transport.list(NAMES.rounds);
    return names.findLast((name) => name.endsWith('/plan.json'));
  }

  /** The log goes on behind a round that is not there. */
  async #isAhead(round: number): Promise<boolean> {
    const newest = await this.#newest();
    return (
      newest !== undefined && newest > NAMES.plan(round) && !(await this.#parts.transport.get(NAMES.update(round)))
    );
  }

  /** The plan that it can take part in: of the round whose weights it has, else one that brings weights for it. */
  async #next(): Promise<Plan | undefined> {
    const { transport } = this.#parts;
    const own = this.#weights && (await getJson<Plan>(transport, NAMES.plan(this.#round)));
    if (own) return own;
    const newest = await this.#newest();
    const plan = newest === undefined ? undefined : await getJson<Plan>(transport, newest);
    if (plan?.workers[this.name] !== this.session) return undefined;
    const bytes = await transport.get(NAMES.weights(plan.round));
    if (!bytes || (this.#weights && this.#round === plan.round + 1)) return undefined;
    const { body } = unseal(bytes, NAMES.weights(plan.round));
    this.begin(plan.round, new Float32Array(body.slice().buffer));
    return plan;
  }

  /**
   * Takes part until the run ends or it is stopped. @returns rounds to which it gave something
   * @throws ToolkitError what `train` throws: it has left then
   */
  async work(signal?: AbortSignal, heard?: (plan: Plan) => void): Promise<number> {
    const { transport } = this.#parts;
    let rounds = 0;
    await this.join();
    try {
      while (!signal?.aborted) {
        const plan = await this.#next();
        if (plan) {
          const kept = this.left.slice();
          const gave = await this.train(plan, signal);
          if (gave) heard?.(plan);
          const participants = signal?.aborted ? undefined : await this.follow(plan.round, signal);
          const isHeard = gave && participants?.includes(this.name);
          if (isHeard) rounds++;
          else if (gave) this.left = kept; // too late
          if (participants) continue;
        }
        if (signal?.aborted || (await transport.get(NAMES.end))) break;
        if (plan || (this.#weights && (await this.#isAhead(this.#round)))) await this.#helloAnew();
        await pause(transport.pauseMs, signal);
      }
    } finally {
      await this.leave();
    }
    return rounds;
  }

  async #helloAnew(): Promise<void> {
    this.#weights = undefined;
    this.session = newSession();
    await this.join();
  }
}

export const newSession = (): string => Math.random().toString(36).slice(2, 12);

export const weightsChecksum = (weights: Float32Array): string =>
  checksumOf(new Uint8Array(weights.buffer, weights.byteOffset, weights.byteLength));

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);

const notFinite = ({ round, begin }: Plan, { loss, gradNorm, skipped }: StepFigures): ToolkitError =>
  new ToolkitError({
    code: 'NAN_LOSS',
    message: `round ${round}, behind step ${Math.floor(begin)}: loss ${loss}, gradient norm ${gradNorm}${skipped > 1 ? `, in ${skipped} steps in a row` : ''}, expected finite numbers`,
    hint: 'a smaller --learning-rate or --clip, in another --out',
  });
