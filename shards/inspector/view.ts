/**
 * A view of `vua inspect`, as a room hands it to the server: a name, endpoints that answer JSON, and a module of the page.
 * The page gives the module its kit (elements, charts, figures, words) as an argument, so that a room needs this file alone.
 *
 *   export const nightsView: View = { name: 'nights', title: { en: 'Nights', vi: 'Các đêm' }, page: new URL(…), endpoints: [
 *     endpoint({ path: 'nights', about: 'every night of a run', query: z.object({}), answer: (_, root) => nightsOf(root.dir) }),
 *   ] };
 */
import type { Readable } from 'node:stream';
import type { z } from 'zod';
import type { SnapshotRecord } from '../snapshots/shape.ts';

/** A folder of documents that can be looked at: a snapshot of a run, or a folder that stands for itself. */
export interface Corpus {
  /** Fingerprint of its documents: 16 hex digits, the same wherever it lies. */
  readonly id: string;
  /** `000012` of a run, else the path below DIR. */
  readonly name: string;
  /** Folder of the documents. */
  readonly documents: string;
  readonly tokens?: string;
  readonly tokenizer?: string;
  /** Folder of the run that it is a snapshot of. */
  readonly run?: string;
  readonly record?: SnapshotRecord;
  readonly isCurrent: boolean;
}

/** What is inspected. */
export interface Root {
  /** As it was given; links followed. */
  readonly dir: string;
  /** The current snapshot first. Looked up anew each time: nights are published meanwhile. */
  corpora(): readonly Corpus[];
  /** By fingerprint or name; the first one by default. @throws ToolkitError NO_SNAPSHOT, NO_DOCUMENTS (exit 2) */
  corpus(wanted?: string): Corpus;
}

export interface Endpoint<Query extends z.ZodObject = z.ZodObject> {
  /** Below `/api/`. */
  readonly path: string;
  /** GET where it is not said. What POST changes is kept beside the folder. */
  readonly method?: 'GET' | 'POST';
  /** One line for `/api/`. */
  readonly about: string;
  /** Of GET the query, of POST the JSON of the body. */
  readonly query: Query;
  /** JSON, or a file with its type. Aborted where nobody waits for the answer any more. */
  answer(query: z.infer<Query>, root: Root, signal: AbortSignal): Promise<unknown>;
}

/** Bytes as they are, under a type that no browser runs. */
export class Raw {
  readonly type: string;
  readonly body: string | Uint8Array | Readable;
  readonly headers: Readonly<Record<string, string>>;
  constructor(type: string, body: Raw['body'], headers: Readonly<Record<string, string>> = {}) {
    this.type = type;
    this.body = body;
    this.headers = headers;
  }
}

export interface View {
  /** Of its address, `/documents`. */
  readonly name: string;
  readonly title: Readonly<Record<Tongue, string>>;
  /** A module whose default export is a `Draw`; none: the site of this name is the page itself. */
  readonly page?: URL;
  readonly endpoints: readonly Endpoint[];
}

/** Types the query from its zod object and forgets it, so that endpoints can stand in one list. */
export const endpoint = <Query extends z.ZodObject>(made: Endpoint<Query>): Endpoint => made as unknown as Endpoint;

export type Tongue = 'en' | 'vi';

type Attributes = Readonly<Record<string, string | number | boolean | undefined | ((event: Event) => void)>>;
type Child = Node | string | undefined;

/** What the page lends to a view. */
export interface Kit {
  readonly tongue: Tongue;
  /** A text in the language of the page: `say('documents', 'tài liệu')`. */
  say(en: string, vi: string): string;
  /** An element. Attributes that are functions are listeners, `undefined` and `false` are left out; text is text. */
  el<Name extends keyof HTMLElementTagNameMap>(
    name: Name,
    attributes?: Attributes,
    ...children: readonly (Child | readonly Child[])[]
  ): HTMLElementTagNameMap[Name];
  svg(name: string, attributes?: Attributes, ...children: readonly Child[]): SVGElement;
  /** JSON of an endpoint. @throws Error with the message of the server */
  get<T>(path: string, query?: Query, signal?: AbortSignal): Promise<T>;
  post<T>(path: string, body: unknown): Promise<T>;
  /** Address of a view with a query; the corpus that is looked at goes with it. */
  link(view: string, query?: Query): string;
  /** Changes the query of the view that is shown. */
  go(query: Query, view?: string, replaces?: boolean): void;
  count(value: number): string;
  /** Three digits; – of what is no number. */
  figure(value: number | null | undefined): string;
  bytes(value: number): string;
  percent(share: number): string;
  time(iso: string): string;
  /** A line chart over steps or days, with values under the pointer. */
  lines(of: LineChart): HTMLElement & { update(of: LineChart): void };
  /** A table whose first column is text and whose others are figures. */
  table(head: readonly string[], rows: readonly (readonly (string | Node)[])[], attributes?: Attributes): HTMLElement;
  /** A heading with what stands under it. */
  section(title: string, ...children: readonly (Child | readonly Child[])[]): HTMLElement;
  /** Says that there is nothing, and what makes something. */
  empty(text: string, hint?: string): HTMLElement;
}

export type Query = Readonly<Record<string, string | number | readonly string[] | undefined>>;

export interface LineChart {
  readonly title: string;
  readonly unit?: string;
  /** Of the horizontal axis. */
  readonly x: { readonly name: string; readonly isTime?: boolean };
  readonly series: readonly {
    readonly name: string;
    readonly x: readonly number[];
    readonly y: readonly (number | null)[];
    readonly isDashed?: boolean;
    readonly isStrong?: boolean;
  }[];
  readonly isLog?: boolean;
}

/** Draws a view from its query into an element that is empty; what it returns is told when the view is left. */
export type Draw = (into: HTMLElement, query: URLSearchParams, kit: Kit, signal: AbortSignal) => Promise<void>;
