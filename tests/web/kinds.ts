/**
 * Kinds of hosts, each with what a crawl must bring home from it and what it may ask for. What is neither is a request that
 * should not have been made.
 */
import type { ConsentConclusion } from '../../crawlers/page.ts';
import { badAnswers } from './kinds/answers.ts';
import { manners } from './kinds/manners.ts';
import { places } from './kinds/places.ts';
import { privates } from './kinds/privates.ts';
import { reports } from './kinds/reports.ts';
import { trapKinds } from './kinds/traps.ts';
import { uses } from './kinds/uses.ts';
import type { Routes } from './server.ts';

export interface At {
  readonly host: string;
  /** `http://HOST:PORT` */
  readonly origin: string;
  readonly port: number;
  readonly securePort: number;
  /** Another name below this host's, in no crawl unless it is a seed. */
  readonly sub: (name: string) => string;
}

export interface Site {
  readonly routes: Routes;
  /** Paths whose bodies must stand in the archive, whole. Default: the front page. */
  readonly must?: readonly string[];
  /** Paths whose bodies must stand there, marked as cut. */
  readonly cut?: readonly string[];
  /** Paths that may be asked for besides; with `*` any. */
  readonly may?: readonly string[];
  /** Requests to the host at most, robots.txt and the like included. Default: one for each path above, and three for rules. */
  readonly most?: number;
  /** Paths and how often they may be asked for, where it is not once. */
  readonly times?: Readonly<Record<string, number>>;
  readonly consent?: Readonly<Record<string, ConsentConclusion>>;
  /** Path of the seed; with a scheme all of it. */
  readonly seed?: string;
  /** What its name, and names below it, mean when they are looked up; default: its address in the web. */
  readonly means?: (host: string, times: number, own: string) => readonly string[] | undefined;
  /** Names below it that answer too. */
  readonly subs?: Readonly<Record<string, Routes>>;
  /** Hosts besides its own that the crawl may enter. */
  readonly opens?: readonly string[];
  /** Stands at the address of the host before. */
  readonly sharesAddress?: boolean;
  /** Why the seed is refused or fails. */
  readonly reason?: string;
}

export interface Kind {
  readonly name: string;
  readonly site: (at: At) => Site;
  /** It takes a second or more. */
  readonly isSlow?: boolean;
}

export const KINDS: readonly Kind[] = [
  ...places,
  ...manners,
  ...uses,
  ...privates,
  ...trapKinds,
  ...badAnswers,
  ...reports,
];
