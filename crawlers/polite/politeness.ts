/**
 * What a host allows and states: `Politeness` knows the rules of each origin: robots.txt (RFC 9309), and what tdmrep.json
 * and ai.txt state about use. What was read in the last 24 hours holds, also in later runs (RFC 9309 §2.4).
 *
 *   robots.txt answers   2xx               its rules hold (the first 500 KiB, whole lines)
 *                        other 4xx         there are no rules: open
 *                        429, 5xx          what it said when it was read last holds, for a month (RFC 9309 §2.4)
 *                        no answer, more than 5 redirects, 5xx and never read: closed for now, `robots_unreachable`
 *                        itself, or where it redirects to, at a private address: closed, `private_address`
 */
import { type Fetched, RequestFailed, redirectTarget } from '../fetch.ts';
import { originOf } from '../links/url.ts';
import { parseRobots, type Robots } from './robots.ts';
import { type RulesFile, readSiteRules, wholeLines } from './site-rules.ts';

const MAX_ROBOTS_BYTES = 500 * 1024; // RFC 9309 §2.5
const MAX_ROBOTS_REDIRECTS = 5; // RFC 9309 §2.3.1.2
const ROBOTS_LIFETIME_MS = 24 * 3_600_000; // RFC 9309 §2.4
/** What a host in trouble said before holds for so long. */
const REMEMBERED_MS = 30 * 24 * 3_600_000;

/** Why nothing of an origin may be asked for. */
interface Closed {
  readonly refusal: 'robots_unreachable' | 'private_address';
  /** How its robots.txt was not to be had: `connection_refused`, `http_503`, `tls: unable to verify …` */
  readonly silence?: string;
}

export interface Verdict {
  /** Why the URL must not be asked for; absent when it may be. */
  readonly refusal?: 'robots_disallow' | Closed['refusal'];
  readonly silence?: string;
  /** What the host states about the use of the URL, in the form of consent.ts. */
  readonly statements: readonly string[];
}

export interface PolitenessOptions {
  readonly productToken: string;
  /** One paced request, no redirects, for the rules that a site has at `rulesUrl`. @throws RequestFailed. */
  readonly get: (url: string, maxBytes: number, rulesUrl: string) => Promise<Fetched>;
  /** Called once for each robots.txt that was read. */
  readonly onRobots: (robots: Robots, url: string) => void;
  /** What files of rules said when they were read last, in this crawl or an earlier one. */
  readonly memory: RulesMemory;
  /** Files are read again after this at the latest, where 24 hours are longer. */
  readonly refreshAfterMs?: number;
}

export interface RulesMemory {
  remember(url: string, text: string): void;
  /** Text that was read less than `withinMs` ago, and how long ago; empty where there was no such file. */
  recall(url: string, withinMs: number): { readonly text: string; readonly ageMs: number } | undefined;
}

interface HostRules {
  readonly robots: Robots | Closed;
  /** Of `performance.now`: one that is set back would keep a file for as long. */
  readonly readAt: number;
  /** Statements of tdmrep.json and ai.txt about a URL; asked for with the first page that may be fetched. */
  statements?: Promise<(url: string) => string[]>;
}

export class Politeness {
  readonly #options: PolitenessOptions;
  readonly #rules = new Map<string, Promise<HostRules>>();

  constructor(options: PolitenessOptions) {
    this.#options = options;
  }

  /** May `url` be asked for, and what does its host say about it? Reads robots.txt when it was not read for a day. */
  async verdict(url: string): Promise<Verdict> {
    const origin = originOf(url);
    const rules = await this.#rulesOf(origin);
    const { robots } = rules;
    if ('refusal' in robots) return { ...robots, statements: [] };
    if (!robots.isAllowed(url)) return { refusal: 'robots_disallow', statements: [] };
    rules.statements ??= this.#readStatements(origin, robots);
    const preferences = robots.preferencesFor(url).map((preference) => `robots.txt ${preference}`);
    return { statements: [...preferences, ...(await rules.statements)(url)] };
  }

  async #rulesOf(origin: string): Promise<HostRules> {
    const known = await this.#rules.get(origin);
    if (known && performance.now() - known.readAt < ROBOTS_LIFETIME_MS) return known;
    const url = `${origin}/robots.txt`;
    const kept = known === undefined ? this.#kept(url) : undefined;
    const reading =
      kept === undefined
        ? this.#readRobots(url).then((robots) => ({ robots, readAt: performance.now() }))
        : Promise.resolve({ robots: this.#parse(kept.text, url), readAt: performance.now() - kept.ageMs });
    this.#rules.set(origin, reading);
    return reading;
  }

  /** What an earlier run has read, where it still holds. */
  #kept(url: string) {
    const { memory, refreshAfterMs = ROBOTS_LIFETIME_MS } = this.#options;
    return memory.recall(url, Math.min(ROBOTS_LIFETIME_MS, refreshAfterMs));
  }

  async #readRobots(robotsUrl: string): Promise<Robots | Closed> {
    let url = robotsUrl;
    let silence = 'redirects';
    for (let redirects = 0; redirects <= MAX_ROBOTS_REDIRECTS; redirects++) {
      const answer = await this.#getOrFailure(url, robotsUrl);
      if (answer instanceof RequestFailed) {
        return answer.reason === 'private_address'
          ? { refusal: answer.reason }
          : unreachable(answer.why === answer.reason ? answer.why : `robots.txt: ${answer.why}`);
      }
      const { status } = answer;
      if (isInTrouble(status)) {
        const known = this.#options.memory.recall(robotsUrl, REMEMBERED_MS);
        return known === undefined ? unreachable(`http_${status}`) : this.#parse(known.text, robotsUrl);
      }
      if (status < 300 || status >= 400) {
        const text = status < 300 ? wholeLines(answer) : '';
        this.#options.memory.remember(robotsUrl, text);
        return this.#parse(text, robotsUrl);
      }
      const target = redirectTarget(answer);
      if (target === undefined) {
        silence = 'bad_redirect';
        break;
      }
      url = target;
    }
    return unreachable(silence);
  }

  #parse(text: string, url: string): Robots {
    const robots = parseRobots(text, this.#options.productToken);
    this.#options.onRobots(robots, url);
    return robots;
  }

  async #readStatements(origin: string, robots: Robots): Promise<(url: string) => string[]> {
    const { memory, productToken } = this.#options;
    const read = async (file: RulesFile) => {
      const url = `${origin}${file}`;
      if (!robots.isAllowed(url)) return readSiteRules(file, '', productToken);
      const kept = this.#kept(url);
      if (kept !== undefined) return readSiteRules(file, kept.text, productToken);
      const answer = await this.#getOrFailure(url, url);
      if (answer instanceof RequestFailed || isInTrouble(answer.status)) {
        return readSiteRules(file, memory.recall(url, REMEMBERED_MS)?.text ?? '', productToken);
      }
      const text = answer.status === 200 ? wholeLines(answer) : '';
      memory.remember(url, text);
      return readSiteRules(file, text, productToken);
    };
    const rules = [await read('/.well-known/tdmrep.json'), await read('/ai.txt')];
    return (url) => rules.flatMap((each) => each.statementsFor(url));
  }

  async #getOrFailure(url: string, rulesUrl: string): Promise<Fetched | RequestFailed> {
    try {
      const answer = await this.#options.get(url, MAX_ROBOTS_BYTES, rulesUrl);
      if (answer.truncated === undefined || answer.truncated === 'length') return answer;
      const reason = answer.truncated === 'time' ? 'timeout' : 'connection_lost';
      return new RequestFailed(url, reason, 'the file is not whole'); // the rest may forbid what is asked for
    } catch (error) {
      if (error instanceof RequestFailed) return error;
      throw error;
    }
  }
}

const unreachable = (silence: string): Closed => ({ refusal: 'robots_unreachable', silence });

/** The server speaks, but not of what was asked. */
const isInTrouble = (status: number): boolean => status === 429 || status >= 500;
