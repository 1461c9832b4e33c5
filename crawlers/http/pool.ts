/** Connections by origin: one at rest for each, used again while it lives. */
import type { Socket } from 'node:net';
import { breathe } from '../shell/work.ts';
import { type DialOptions, dial } from './dial.ts';
import {
  type Connection,
  NotAnswered,
  WantsHttp1,
  WantsLenience,
  type WireAnswer,
  type WireRequest,
} from './exchange.ts';
import { Http1Connection } from './http1.ts';
import { Http2Connection } from './http2.ts';
import { LenientConnection } from './lenient.ts';

/** More at rest are closed, the oldest first. */
const MAX_RESTING = 256;

export interface Exchanged extends WireAnswer {
  readonly address: string;
  readonly protocol: Connection['protocol'];
  /** The body was read, or is of no interest: the connection may be used again. */
  release(): void;
}

export class Pool {
  readonly #options: DialOptions;
  readonly #onSocket: (hostname: string, socket: Socket) => void;
  readonly #resting = new Map<string, Connection>();
  readonly #all = new Set<Connection>();
  readonly #http1Only = new Set<string>();
  readonly #lenient = new Set<string>();

  /** `onSocket` hears of each connection. */
  constructor(options: DialOptions, onSocket: (hostname: string, socket: Socket) => void) {
    this.#options = options;
    this.#onSocket = onSocket;
  }

  /**
   * `again` hears before a request is made once more, because the connection was closed while it rested.
   * @throws what `again` throws
   */
  async exchange(request: WireRequest, signal: AbortSignal, again: () => void = () => {}): Promise<Exchanged> {
    const { origin } = request.url;
    for (;;) {
      const resting = await this.#take(origin);
      const connection = resting ?? (await this.#open(request.url, signal));
      try {
        const answer = await connection.exchange(request, signal);
        const { address, protocol } = connection;
        return { ...answer, address, protocol, release: () => this.#release(origin, connection) };
      } catch (error) {
        this.#forget(connection);
        if (error instanceof WantsLenience && !this.#lenient.has(origin)) this.beLenient(origin);
        else if (error instanceof WantsHttp1 && !this.#http1Only.has(origin)) this.#http1Only.add(origin);
        else if (!(error instanceof NotAnswered) || resting === undefined) throw error;
        again(); // the first had no effect
      }
    }
  }

  /** Answers of this origin are read leniently from now on. */
  beLenient(origin: string): void {
    this.#lenient.add(origin);
  }

  close(): void {
    for (const connection of this.#all) connection.close();
    this.#all.clear();
    this.#resting.clear();
  }

  async #take(origin: string): Promise<Connection | undefined> {
    const resting = this.#resting.get(origin);
    if (resting === undefined) return undefined;
    this.#resting.delete(origin);
    for (let turn = 0; turn < 3; turn++) await breathe(); // hears whether it was closed meanwhile
    if (resting.isUsable) return resting;
    this.#forget(resting);
    return undefined;
  }

  async #open(url: URL, signal: AbortSignal): Promise<Connection> {
    const protocols = this.#http1Only.has(url.origin) ? (['http/1.1'] as const) : (['h2', 'http/1.1'] as const);
    const { socket, protocol, address } = await dial(url, this.#options, protocols, signal);
    this.#onSocket(url.hostname, socket);
    const connection = this.#over(protocol, url.origin, socket, address);
    this.#all.add(connection);
    socket.once('close', () => this.#forget(connection, url.origin));
    return connection;
  }

  #over(protocol: Connection['protocol'], origin: string, socket: Socket, address: string): Connection {
    if (protocol === 'h2') return new Http2Connection(origin, socket, address);
    if (this.#lenient.has(origin)) return new LenientConnection(socket, address);
    return new Http1Connection(origin, socket, address);
  }

  #release(origin: string, connection: Connection): void {
    if (!connection.isUsable || this.#resting.has(origin)) {
      this.#forget(connection);
      return;
    }
    connection.rest();
    this.#resting.set(origin, connection);
    if (this.#resting.size <= MAX_RESTING) return;
    const [[oldest, first]] = this.#resting;
    this.#forget(first, oldest);
  }

  #forget(connection: Connection, origin?: string): void {
    if (origin !== undefined && this.#resting.get(origin) === connection) this.#resting.delete(origin);
    this.#all.delete(connection);
    connection.close();
  }
}
