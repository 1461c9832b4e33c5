/**
 * The one that leases rows and closes rounds. Everything that it knows stands in its checkpoint and in the log behind it:
 * started again from a checkpoint it reads what was planned, delivered and closed since, and comes to the same bits.
 */
import { reasonOf } from '../../crawlers/shell/errors.ts';
import { giveBack, type Lease, type Pool, share, speedsFor, take } from './leases.ts';
import { type DeltaFacts, type ElasticSettings, NAMES, type Patience, type Plan, type UpdateFacts } from './log.ts';
import { average, largestNorm, nesterov, type Part, remember, subtract } from './outer.ts';
import { decode, encode, seal, unseal } from './payload.ts';
import { getJson, pause, putJson, type Transport } from './transport.ts';
import { weightsChecksum } from './worker.ts';

/** Plain data between two rounds. */
export interface DirectorState {
  /** Rounds begin with 1. */
  readonly round: number;
  /** Delivered and taken. */
  readonly rowsDone: number;
  readonly pool: Pool;
  /** Of the last rounds' parts. */
  readonly norms: readonly number[];
  readonly speeds: Readonly<Record<string, number>>;
  /** Rows a second, as workers measured. */
  readonly measured: Readonly<Record<string, number>>;
  /** Who has the weights. */
  readonly sessions: Readonly<Record<string, string>>;
}

export const FIRST_STATE: DirectorState = {
  ...{ round: 1, rowsDone: 0, pool: { next: 0, free: [] }, norms: [], speeds: {}, measured: {}, sessions: {} },
};

export interface DirectorParts {
  readonly transport: Transport;
  readonly settings: ElasticSettings;
  readonly patience: Patience;
  /** Of a micro-batch, of a step, of the run. */
  readonly rows: number;
  readonly batch: number;
  readonly allRows: number;
  readonly state: DirectorState;
  /** Of the round that `state` begins; the director changes them in place. */
  readonly weights: Float32Array<ArrayBuffer>;
  readonly momentum: Float32Array<ArrayBuffer>;
  /** What its updates left out so far. */
  readonly left: Float32Array<ArrayBuffer>;
  readonly note: (text: string) => void;
}

export interface Round {
  readonly plan: Plan;
  readonly parts: readonly DeltaFacts[];
  /** That went to the place and came from it, to and from one worker and all. */
  readonly bytes: { readonly up: number; readonly down: number };
}

/** A worker that lives but does not deliver is waited for this many times as long as the slowest that did. */
const SLOW = 3;

interface Delivered {
  readonly facts: DeltaFacts;
  readonly delta: Float32Array;
  readonly bytes: number;
}

export class Director {
  readonly #parts: DirectorParts;
  state: DirectorState;
  /** Beats as they were seen last, and when. */
  readonly #seen = new Map<string, { beats: string; at: number }>();

  constructor(parts: DirectorParts) {
    this.#parts = parts;
    this.state = parts.state;
  }

  /**
   * Before the first round: what the log has behind a round that was never planned, or whose plan is gone, is of a run that
   * went further than this one's checkpoint; it is trained again, and everybody gets weights.
   */
  async begin(): Promise<void> {
    const { transport } = this.#parts;
    if (!this.isDone) await transport.remove(NAMES.end);
    if (await transport.get(NAMES.plan(this.state.round))) return;
    const rounds = (await this.#rounds()).filter((round) => round >= this.state.round);
    for (const round of rounds) await transport.remove(NAMES.round(round));
    if (rounds.length > 0) this.state = { ...this.state, sessions: {} };
  }

  async #rounds(): Promise<number[]> {
    const names = await this.#parts.transport.list(NAMES.rounds);
    return [...new Set(names.map((name) => Number(name.split('/')[1])))];
  }

  get weights(): Float32Array<ArrayBuffer> {
    return this.#parts.weights;
  }

  get isDone(): boolean {
    return this.state.rowsDone >= this.#parts.allRows;
  }

  /** Plans the next round, when there are workers, or reads what was planned. None when it was stopped. */
  async open(signal?: AbortSignal): Promise<Plan | undefined> {
    const { transport } = this.#parts;
    const { round } = this.state;
    let plan = await getJson<Plan>(transport, NAMES.plan(round));
    if (!plan) {
      const workers = await this.#workers(signal);
      if (!workers) return undefined;
      plan = this.#planFor(workers);
      const { sessions } = this.state;
      if (Object.entries(plan.workers).some(([name, session]) => sessions[name] !== session)) {
        await transport.put(NAMES.weights(round), seal({ round }, new Uint8Array(this.weights.buffer)));
      }
      await putJson(transport, NAMES.plan(round), plan);
    }
    const { pool, speeds, workers } = plan;
    this.state = { ...this.state, pool, speeds, sessions: { ...this.state.sessions, ...workers } };
    return plan;
  }

  #planFor(workers: ReadonlyMap<string, string>): Plan {
    const { settings, patience, rows, batch, allRows } = this.#parts;
    const { round, rowsDone, pool, speeds, measured } = this.state;
    const names = [...workers.keys()].sort();
    const remaining = allRows - rowsDone;
    const steps = Math.min(settings.innerSteps, Math.ceil(remaining / batch));
    const budget = Math.min(remaining, steps * batch);
    const follow = patience.even ? {} : speedsFor(names, speeds, measured);
    const shares = share(
      budget / rows,
      names.map((name) => follow[name] ?? 1),
    );
    let left = pool;
    const leases: Lease[] = [];
    for (const [i, worker] of names.entries()) {
      const { taken, pool: rest } = take(left, shares[i] * rows);
      leases.push(...taken.map((stretch) => ({ worker, ...stretch })));
      left = rest;
    }
    const leased = names.filter((_, i) => shares[i] > 0).map((name) => [name, workers.get(name)!]);
    return {
      ...{ round, workers: Object.fromEntries(leased), leases, steps },
      ...{ begin: rowsDone / batch, advance: budget / batch, pool: left, speeds: follow },
    };
  }

  /** Those that live, by name with their session, as soon as there are enough. */
  async #workers(signal?: AbortSignal): Promise<Map<string, string> | undefined> {
    const { transport, patience, note } = this.#parts;
    for (let waited = false; ; waited = true) {
      const found = new Map<string, string>();
      for (const name of await this.#present()) {
        const hello = await getJson<{ session: string }>(transport, NAMES.hello(name));
        if (hello && (await this.#lives(name))) found.set(name, hello.session);
      }
      if (signal?.aborted) return undefined;
      if (found.size >= Math.max(1, patience.minWorkers)) return found;
      if (!waited)
        note(`round ${this.state.round}: ${found.size} workers, waiting for ${Math.max(1, patience.minWorkers)}`);
      await pause(transport.pauseMs, signal);
    }
  }

  async #present(): Promise<string[]> {
    const names = await this.#parts.transport.list(NAMES.workers);
    return names.filter((name) => name.endsWith('/hello.json')).map((name) => name.split('/')[1]);
  }

  async #lives(name: string): Promise<boolean> {
    const bytes = await this.#parts.transport.get(NAMES.beat(name));
    if (!bytes) return false;
    const beats = new TextDecoder().decode(bytes);
    const seen = this.#seen.get(name);
    const now = performance.now();
    if (seen?.beats !== beats) this.#seen.set(name, { beats, at: now });
    return now - (this.#seen.get(name)?.at ?? now) < 1000 * this.#parts.patience.workerTimeout;
  }

  /**
   * Waits for what was leased, but for the dead, and takes the outer step. None when it was stopped: the round stays open
   * for the next start.
   */
  async close(plan: Plan, signal?: AbortSignal): Promise<Round | undefined> {
    const { transport, settings, weights } = this.#parts;
    const closed = await transport.get(NAMES.update(plan.round));
    const names = Object.keys(plan.workers).sort();
    const delivered = closed
      ? await this.#logged(plan, unseal<UpdateFacts>(closed, NAMES.update(plan.round)).facts.participants)
      : await this.#deliveries(plan, names, signal);
    if (!delivered) return undefined;
    const parts: Part[] = delivered.map(({ delta, facts }) => ({ delta, rows: facts.rows, norm: facts.norm }));
    const body = parts.length > 0 ? this.#step(parts) : new Uint8Array(0);
    const participants = delivered.map(({ facts }) => facts.worker);
    if (parts.length > 0) subtract(weights, decode(body, weights.length, settings.payload));
    const facts: UpdateFacts = { round: plan.round, participants, weights: weightsChecksum(weights) };
    const update = seal(facts, body);
    if (!closed) await transport.put(NAMES.update(plan.round), update);
    this.#moveOn(plan, delivered);
    const up = delivered.reduce((sum, { bytes }) => sum + bytes, 0);
    return { plan, parts: delivered.map((one) => one.facts), bytes: { up, down: update.length * participants.length } };
  }

  #step(parts: readonly Part[]): Uint8Array<ArrayBuffer> {
    const { settings, momentum, left } = this.#parts;
    const largest = largestNorm(settings.outerClip, this.state.norms);
    const over = parts.filter((part) => part.norm > largest).length;
    if (over > 0)
      this.#parts.note(`round ${this.state.round}: ${over} of ${parts.length} parts moved too far: clipped`);
    const gradient = average(parts, largest);
    return encode(
      nesterov(gradient, momentum, settings.outerLearningRate, settings.outerMomentum),
      settings.payload,
      left,
    );
  }

  #moveOn(plan: Plan, delivered: readonly Delivered[]): void {
    const { round, rowsDone, norms, measured } = this.state;
    const took = new Set(delivered.map(({ facts }) => facts.worker));
    const lost = plan.leases.filter(({ worker }) => !took.has(worker));
    const rows = plan.leases.reduce((sum, lease) => sum + (took.has(lease.worker) ? lease.rows : 0), 0);
    const middle = delivered.map(({ facts }) => facts.norm).sort((a, b) => a - b)[delivered.length >> 1];
    const speeds = delivered.map(({ facts }) => {
      const now = facts.rows / Math.max(1e-9, facts.seconds);
      const before = measured[facts.worker];
      return [facts.worker, before ? (before + now) / 2 : now];
    });
    this.state = {
      ...this.state,
      ...{ round: round + 1, rowsDone: rowsDone + rows, pool: giveBack(this.state.pool, lost) },
      ...{ norms: middle === undefined ? norms : remember(norms, middle) },
      measured: { ...measured, ...Object.fromEntries(speeds) },
    };
    if (lost.length > 0) {
      const who = [...new Set(lost.map(({ worker }) => worker))].join(', ');
      this.#parts.note(`round ${plan.round}: nothing from ${who}: its rows are leased again`);
    }
  }

  async #deliveries(plan: Plan, names: readonly string[], signal?: AbortSignal): Promise<Delivered[] | undefined> {
    const { transport, patience } = this.#parts;
    const began = performance.now();
    const found = new Map<string, Delivered | undefined>(); // undefined: gone
    let slowest = 0;
    for (;;) {
      for (const name of names) {
        if (found.has(name)) continue;
        const one = await this.#delivery(plan, name);
        const waited = performance.now() - began;
        if (one) slowest = waited;
        const isLate = slowest > 0 && waited > SLOW * slowest + 1000 * patience.workerTimeout;
        if (one || isLate || !(await this.#isPresent(name, plan.workers[name]))) found.set(name, one);
      }
      if (found.size === names.length) break;
      if (signal?.aborted) return undefined;
      await pause(transport.pauseMs, signal);
    }
    return names.flatMap((name) => found.get(name) ?? []);
  }

  async #isPresent(name: string, session: string): Promise<boolean> {
    const hello = await getJson<{ session: string }>(this.#parts.transport, NAMES.hello(name));
    return hello?.session === session && this.#lives(name);
  }

  async #logged(plan: Plan, participants: readonly string[]): Promise<Delivered[]> {
    const all: Delivered[] = [];
    for (const name of participants) {
      const one = await this.#delivery(plan, name);
      if (!one) throw new Error(`${NAMES.delta(plan.round, name)}: missing, though the round was closed with it`);
      all.push(one);
    }
    return all;
  }

  /** What a worker put for this round in the session that has the lease; what is damaged is not there. */
  async #delivery(plan: Plan, name: string): Promise<Delivered | undefined> {
    const { transport, settings, weights, note } = this.#parts;
    const path = NAMES.delta(plan.round, name);
    const bytes = await transport.get(path);
    if (!bytes) return undefined;
    try {
      const { facts, body } = unseal<DeltaFacts>(bytes, path);
      if (facts.session !== plan.workers[name] || facts.round !== plan.round) return undefined;
      if (!Number.isFinite(facts.norm)) throw new Error(`${path}: its norm is ${facts.norm}`);
      return { facts, delta: decode(body, weights.length, settings.payload), bytes: bytes.length };
    } catch (error) {
      note(`${reasonOf(error)}: passed over`);
      await transport.remove(path);
      return undefined;
    }
  }

  /** Rounds that a checkpoint covers: the one before the next stays, for those that still read it. */
  async forget(before: number): Promise<void> {
    const { transport } = this.#parts;
    for (const round of await this.#rounds()) if (round < before - 1) await transport.remove(NAMES.round(round));
  }

  end(): Promise<void> {
    return putJson(this.#parts.transport, NAMES.end, { rounds: this.state.round - 1 });
  }
}
