/** What a client of OpenAI's API asks for, read value by value: what is not known here is refused by its name, never passed over. */

export class Refused extends Error {
  readonly status: number;
  readonly code: string;
  constructor(status: number, code: string, message: string) {
    super(message);
    [this.status, this.code] = [status, code];
  }
}

export type Asked = Readonly<Record<string, unknown>>;

/** Clients send null for what was left out. */
export const askedOf = (body: object): Asked =>
  Object.fromEntries(Object.entries(body).filter(([, value]) => value !== null));

export function unknownModel(wanted: unknown, names: readonly string[]): never {
  throw new Refused(404, 'model_not_found', `no model ${JSON.stringify(wanted)}, there is ${names.join(', ')}`);
}

interface Bounds {
  readonly least: number;
  readonly most: number;
  readonly whole?: boolean;
  readonly missing?: number;
}

/** Of tokens. */
export const MOST: Bounds = { least: 1, most: 4096, whole: true };

/** Without a value what is missing, else the most. */
export function numberIn(asked: Asked, name: string, { least, most, whole = false, missing = most }: Bounds): number {
  const value = asked[name] ?? missing;
  if (typeof value === 'number' && value >= least && value <= most && (!whole || Number.isInteger(value))) return value;
  const kind = whole ? 'a whole number' : 'a number';
  throw new Refused(400, 'invalid_value', `${name}: ${kind} from ${least} to ${most} is expected`);
}

export function streamIn({ stream = false }: Asked): boolean {
  if (typeof stream !== 'boolean') throw new Refused(400, 'invalid_value', 'stream: true or false is expected');
  return stream;
}

export const usageWanted = ({ stream_options: options }: Asked): boolean =>
  (options as { include_usage?: unknown } | undefined)?.include_usage === true;

/** Texts before which an answer ends, four at most. */
export function stopsIn({ stop = [] }: Asked): string[] {
  const stops: unknown[] = Array.isArray(stop) ? stop : [stop];
  if (stops.length <= 4 && stops.every((one) => typeof one === 'string')) return stops.filter((one) => one !== '');
  throw new Refused(400, 'invalid_value', 'stop: a text, or a list of at most four, is expected');
}

/** Of each name the one value that is known, or in words which. */
export function onlyKnown(asked: Asked, known: Asked): void {
  for (const [name, only] of Object.entries(known)) {
    const value = asked[name];
    const isKnown =
      value === undefined ||
      JSON.stringify(value) === JSON.stringify(only) ||
      (typeof only === 'string' && typeof value === 'string' && only.split(' or ').includes(value));
    if (!isKnown)
      throw new Refused(
        400,
        'unsupported',
        `${name}: only ${only === undefined ? 'nothing' : JSON.stringify(only)} is known here`,
      );
  }
}
