/**
 * A command of `vua` is one zod object (its keys become flags, help and config keys) next to its `run`.
 *
 *   outDir: z.string().describe('folder to write')    → --out-dir <value>   required
 *   steps: z.int().default(200).describe(…)  → --steps <value>     default 200; text is read as a number
 *   seed: z.array(z.string()).default([]).describe(…) → --seed <value...>   may be repeated
 *   resume: z.boolean().default(false).describe(…)    → --resume
 *
 * Rooms define commands; `main.ts` lists them. A command with an option `config` also takes its options from that JSON
 * file, `vua run` from vua.config.json(c) in the current folder as well; flags win. Keys are written either way (`outDir`, `out-dir`), and
 * a list of NAME=VALUE may be an object there.
 */
import type { Command as Commander, CommanderError } from 'commander';
import type { z } from 'zod'; // its values are loaded by commands: `vua --help` needs none
import { configPath, readConfigFile } from './config-file.ts';
import { badInput, type ToolkitError } from './errors.ts';
import type { Say } from './language.ts';
import type { Outcome, Work } from './work.ts';

/*
 * How `vua` ends: shards/OPERATING.md and CONTRIBUTING.md repeat this table. What a command returns is a status of it; an error
 * brings its own (errors.ts).
 */
export const DONE = 0;
export const FAILED = 1;
export const UNUSABLE = 2;
export const NOT_VERIFIED = 3;
export const HELD_BY_GATE = 4;
export const FAULTS_IN_INPUTS = 5;
/** EX_TEMPFAIL of sysexits.h. */
export const TRY_AGAIN = 75;
export const NOTHING_NEW = 99;
/** 128 + SIGINT, as shells say it. */
export const INTERRUPTED = 130;

/** What each status says, the gravest first. */
export const EXIT_STATUSES = [
  [INTERRUPTED, 'stopped by a signal'],
  [FAILED, 'failed'],
  [UNUSABLE, 'unusable config or input'],
  [NOT_VERIFIED, 'verification failed'],
  [TRY_AGAIN, 'try again'],
  [HELD_BY_GATE, 'held by a gate'],
  [FAULTS_IN_INPUTS, 'done, with faults in inputs'],
  [DONE, 'done'],
  [NOTHING_NEW, 'nothing new'],
] as const;

/** The status to give where several hold: faults in inputs before "nothing new", a stop before everything. */
export function gravest(first: number, ...others: readonly number[]): number {
  const rank = (status: number): number => {
    const found = EXIT_STATUSES.findIndex(([known]) => known === status);
    return found < 0 ? EXIT_STATUSES.length : found; // what --nothing-new-status was given
  };
  return others.reduce((worst, status) => (rank(status) < rank(worst) ? status : worst), first);
}

const STATUS = { written: DONE, nothing_new: NOTHING_NEW, interrupted: INTERRUPTED } as const;
/** Exit status of a station's ending. */
export const statusOf = ({ outcome }: Outcome<unknown>): number => STATUS[outcome];

export interface Command<Shape extends z.ZodRawShape = z.ZodRawShape> {
  /** As typed: `crawl`, `tokenizer train`. */
  readonly name: string;
  /** One line for the command list. */
  readonly summary: string;
  /** Whole command lines with realistic arguments, shown under --help. */
  readonly examples: readonly string[];
  /** Key of `options` that is taken from the first bare argument (`vua stats DIR`). */
  readonly positional?: keyof Shape & string;
  readonly options: z.ZodObject<Shape>;
  /** Headings of --help where there are many options, each by the key of the first one below it. */
  readonly headings?: Partial<Readonly<Record<keyof Shape & string, string>>>;
  /** Returns the exit status (EXIT_STATUSES); nothing means 0. */
  run(options: z.infer<z.ZodObject<Shape>>, work: Work): Promise<number | undefined>;
}

/** Types the options of `run` from the zod object and forgets them, so that commands can stand in one list. */
export function defineCommand<Shape extends z.ZodRawShape>(command: Command<Shape>): Command {
  return command as unknown as Command;
}

/** A command line that runs where this one ran: a checkout has no `vua` on the PATH, npx puts it there for one command. */
export function commandLine(command: string): string {
  if (process.argv[1]?.endsWith('.ts')) return `npm run vua -- ${command}`;
  return process.env.npm_command === 'exec' ? `npx vua ${command}` : `vua ${command}`;
}

const camel = (key: string): string => key.replace(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
const kebab = (key: string): string => key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** `--flag` of an option key. */
export const flagOf = (key: string): string => `--${kebab(key)}`;

type Wrapper = z.ZodDefault | z.ZodOptional | z.ZodNullable;
const isWrapper = (type: z.ZodType): type is Wrapper => ['default', 'optional', 'nullable'].includes(type.type);
const isArray = (type: z.ZodType): type is z.ZodArray<z.ZodType> => type.type === 'array';

/** Reads default, arity and description out of a zod type through its wrappers. */
export function factsOf(type: z.ZodType) {
  let inner: z.ZodType = type;
  let description = inner.description;
  while (isWrapper(inner)) {
    inner = inner.unwrap() as z.ZodType;
    description ??= inner.description;
  }
  const absent = type.safeParse(undefined);
  return {
    // or a list of numbers
    isNumber: inner.type === 'number' || (isArray(inner) && inner.element.type === 'number'),
    isBoolean: inner.type === 'boolean',
    isArray: isArray(inner),
    isRequired: !absent.success,
    fallback: absent.success ? absent.data : undefined,
    description: description ?? '',
  };
}

/** commander gives an option the next word, also where that is another option: `--what-if --out DIR`. */
function refuseSwallowed({ name, options: { shape } }: Command, typed: Record<string, unknown>): void {
  const flags = Object.keys(shape).map(flagOf);
  for (const [key, value] of Object.entries(typed)) {
    const found = [value].flat().find((word) => typeof word === 'string' && flags.includes(word));
    if (found === undefined) continue;
    const type = shape[key] as z.ZodType;
    throw badInput(
      'BAD_OPTION',
      `${name}: ${flagOf(key)} was given ${JSON.stringify(found)}, which is an option: expected ${allowedValues(type)}`,
      `${flagOf(key)}: ${factsOf(type).description}`,
    );
  }
}

/** commander reads `--no-tune` as `tune: false`, and `tune: true` where it was not given; the key is `noTune`. */
function takeNegated({ options: { shape } }: Command, typed: Record<string, unknown>): void {
  for (const key of Object.keys(shape)) {
    const [, name] = /^no([A-Z]\w*)$/.exec(key) ?? [];
    if (name === undefined || !factsOf(shape[key] as z.ZodType).isBoolean) continue;
    const positive = name[0].toLowerCase() + name.slice(1);
    if (typed[positive] === false) typed[key] = true;
    delete typed[positive];
  }
}

/** Words before others that are no command of their own: they are described by what follows them. */
const GROUPS = new WeakSet<Commander>();

/** What runs a command with its validated options. */
export type Start = (command: Command, options: Record<string, unknown>) => Promise<void>;

/** What the list of commands says of one: enough for `vua --help`, which loads none. */
export interface Entry extends Pick<Command, 'summary'> {
  /** `<dir>`, `[words...]` and what it is. */
  readonly argument?: readonly [term: string, told: string];
}

export function entryOf({ summary, positional, options }: Command): Entry {
  if (positional === undefined) return { summary };
  const facts = factsOf(options.shape[positional] as z.ZodType);
  const name = facts.isArray ? `${positional}...` : positional;
  return { summary, argument: [facts.isRequired ? `<${name}>` : `[${name}]`, facts.description] };
}

/** Adds a command to the program, under a heading of its --help, which is said by `say`; `complete` gives it its options. */
export function addEntry(program: Commander, name: string, entry: Entry, heading: string, say: Say): Commander {
  const words = name.split(' ');
  let parent = program.enablePositionalOptions();
  for (const word of words.slice(0, -1)) {
    const known = parent.commands.find((existing) => existing.name() === word);
    parent = known ?? sayWhatIsAllowed(parent.command(word).usage('<command>').helpGroup(`${heading}:`));
    if (known === undefined) GROUPS.add(parent);
    parent.enablePositionalOptions(); // `vua export documents --out DIR`: the option is that of the last word
    if (GROUPS.has(parent)) parent.description([parent.description(), words.at(-1)].filter(Boolean).join(', '));
  }
  const leaf = sayWhatIsAllowed(parent.command(words.at(-1)!).description(say(entry.summary)));
  if (parent === program) leaf.helpGroup(`${heading}:`);
  if (entry.argument !== undefined) leaf.argument(entry.argument[0], say(entry.argument[1]));
  return leaf;
}

/** Gives a command that was added its options, examples and what it does. */
export function complete(leaf: Commander, command: Command, start: Start, say: Say): void {
  let group = 'Options';
  for (const [key, type] of Object.entries(command.options.shape)) {
    if (key === command.positional) continue;
    const facts = factsOf(type as z.ZodType);
    const told = say(facts.description);
    const shown = facts.isRequired ? `${told} (${say('required')})` : told;
    group = command.headings?.[key] ?? group;
    const value = facts.isBoolean ? '' : facts.isArray ? ' <value...>' : ' <value>';
    const option = leaf.createOption(`${flagOf(key)}${value}`, shown);
    // Shown in help only: zod applies the default, so that commander cannot hide whether the user gave a value.
    const { fallback } = facts;
    if (fallback !== undefined && fallback !== false && !(Array.isArray(fallback) && fallback.length === 0)) {
      option.description = `${shown} (${say('default')}: ${String(fallback)})`;
    }
    leaf.addOption(option.helpGroup(`${group}:`));
  }
  addGlobalOptions(leaf, say);
  leaf.addHelpText(
    'after',
    `\n${say('Examples:')}\n${command.examples.map((example) => `  $ ${example}`).join('\n')}\n`,
  );
  leaf.action(async () => {
    const {
      json: _json,
      logJson: _logJson,
      debug: _debug,
      lang: _lang,
      ...typed
    } = leaf.opts<Record<string, unknown>>();
    refuseSwallowed(command, typed);
    takeNegated(command, typed);
    const given = withNumbers(command, typed);
    if (command.positional !== undefined && leaf.processedArgs[0] !== undefined) {
      given[command.positional] = leaf.processedArgs[0];
    }
    await start(command, parseOptions(command, { ...readConfig(command, given), ...given }, flagOf));
  });
}

/** Adds one command, whole. */
export function addCommand(
  program: Commander,
  command: Command,
  heading: string,
  start: Start,
  say: Say = (x) => x,
): void {
  complete(addEntry(program, command.name, entryOf(command), heading, say), command, start, say);
}

/** Options of every command, also before its name. `main.ts` looks for them itself. */
export const addGlobalOptions = (commander: Commander, say: Say): Commander =>
  commander
    .option('--json', say('results as JSON lines on stdout, progress as JSON lines on stderr'))
    .option('--log-json', say('progress as JSON lines on stderr, as where that is no terminal'))
    .option('--debug', say('show stack traces'))
    .option('--lang <value>', say('language of --help: en, vi; default: that of the locale'))
    .helpOption('-h, --help', say('display help for command'));

/** Makes errors of the command line ToolkitErrors; `--help` and `--version` end as CommanderErrors with exit code 0. */
export function sayWhatIsAllowed(commander: Commander): Commander {
  return commander.exitOverride((error) => {
    throw error.exitCode === 0 ? error : commandLineError(error, commander);
  });
}

function commandLineError({ code, message }: CommanderError, commander: Commander): ToolkitError {
  const path: string[] = [];
  for (let at = commander; at.parent; at = at.parent) path.unshift(at.name());
  const asked = commander.args[1]; // vua help ASKED
  const helped = asked === undefined ? 'no command was given' : `unknown command '${asked}'`;
  const fact = code === 'commander.help' ? helped : message.replace(/^error: /, '').replace(/\s*\n\s*/g, ' ');
  const names =
    commander.commands.length > 0
      ? commander.commands.map((command) => command.name())
      : commander.options.map(({ long }) => long);
  const allowed = /help|unknown/.test(code) ? `, allowed: ${names.join(', ')}` : '';
  return badInput(
    'BAD_OPTION',
    `${path.join(' ') || 'vua'}: ${fact.replace(/\.$/, '')}${allowed}`,
    '`vua --help` lists commands, `vua COMMAND --help` its options',
  );
}

/** The command line has only text: what is a decimal number becomes one where a number is wanted. */
function withNumbers({ options }: Command, typed: Record<string, unknown>): Record<string, unknown> {
  const isWanted = (key: string): boolean => key in options.shape && factsOf(options.shape[key] as z.ZodType).isNumber;
  const read = (value: unknown): unknown =>
    typeof value === 'string' && /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(value) ? Number(value) : value;
  const entries = Object.entries(typed).map(([key, value]) => {
    if (!isWanted(key)) return [key, value];
    return [key, Array.isArray(value) ? value.map(read) : read(value)];
  });
  return Object.fromEntries(entries);
}

/** Config files of `vua run`, of which a folder has one. */
export const CONFIG_FILES = ['vua.config.json', 'vua.config.jsonc'];

/** Options from the config file, each key checked on its own so that the error names the file. */
function readConfig(command: Command, given: Record<string, unknown>): Record<string, unknown> {
  if (!('config' in command.options.shape)) return {};
  const path = configPath(given.config as string | undefined, command.name === 'run' ? CONFIG_FILES : []);
  if (path === undefined) return {};
  const config = readConfigFile(path);
  const { config: _config, ...shape } = command.options.shape;
  if (typeof config !== 'object' || config === null || Array.isArray(config)) {
    const found = config === undefined ? 'no such file' : `found ${JSON.stringify(config).slice(0, 40)}`;
    throw badInput(
      'BAD_CONFIG',
      `${path}: ${found}, expected an object of options`,
      `keys: ${Object.keys(shape).join(', ')}`,
    );
  }
  const { values, nameOf } = inOptions(command, path, config as Record<string, unknown>);
  parseOptions({ name: path, options: command.options.omit({ config: true }).partial() }, values, nameOf);
  return values;
}

/** Keys of a config file as options are called, and what the file calls each. */
function inOptions({ options: { shape } }: Command, path: string, config: Record<string, unknown>) {
  const names = new Map<string, string>();
  const values: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(config)) {
    const key = camel(name);
    const twin = names.get(key);
    if (twin !== undefined)
      throw badInput(
        'BAD_CONFIG',
        `${path}: ${twin} and ${name} are one key, expected it once`,
        'leave one of them out',
      );
    names.set(key, name);
    const isList = key in shape && factsOf(shape[key] as z.ZodType).isArray;
    const isTable = isList && typeof value === 'object' && value !== null && !Array.isArray(value);
    values[key] = isTable ? Object.entries(value).map(([left, right]) => `${left}=${right}`) : value;
  }
  return { values, nameOf: (key: string): string => names.get(key) ?? key };
}

/**
 * Validates flags or config keys against a command's options.
 * @throws ToolkitError BAD_OPTION (exit 2) that names the key, what was given and what is allowed.
 */
export function parseOptions(
  command: Pick<Command, 'name' | 'options'>,
  given: Record<string, unknown>,
  nameOf: (key: string) => string,
): Record<string, unknown> {
  const parsed = command.options.strict().safeParse(given);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  if (issue.code === 'unrecognized_keys') {
    throw badInput(
      'BAD_OPTION',
      `${command.name}: unknown key ${nameOf(issue.keys[0])}, allowed: ${Object.keys(command.options.shape).map(nameOf).join(', ')}`,
    );
  }
  const key = String(issue.path[0] ?? '');
  const value = given[key];
  const said = value === undefined ? 'is missing' : `was given ${JSON.stringify(value)}`;
  const type = command.options.shape[key] as z.ZodType;
  throw badInput(
    'BAD_OPTION',
    `${command.name}: ${nameOf(key)} ${said}: expected ${allowedValues(type)}`,
    `${nameOf(key)}: ${factsOf(type).description}`,
  );
}

/** `an integer ≥ 1 and ≤ 48`, `a number > 0 and < 1`, `"auto"|"gpu"`, `a list of text`. */
export function allowedValues(type: z.ZodType): string {
  const schema = type.toJSONSchema({ io: 'input', unrepresentable: 'any' });
  const { type: name, minimum, maximum, exclusiveMinimum, exclusiveMaximum } = schema;
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join('|');
  const { enum: words } = (schema.items ?? {}) as { enum?: readonly unknown[] };
  if (words) return `some of ${words.map((word) => JSON.stringify(word)).join('|')}`;
  if (name === 'array') return 'a list of text';
  if (name === 'boolean') return 'true or false';
  if (name !== 'integer' && name !== 'number') return 'text';
  const most = maximum === Number.MAX_SAFE_INTEGER ? undefined : maximum;
  const bounds = [
    minimum !== undefined && minimum !== Number.MIN_SAFE_INTEGER && `≥ ${minimum}`,
    exclusiveMinimum !== undefined && `> ${exclusiveMinimum}`,
    most !== undefined && `≤ ${most}`,
    exclusiveMaximum !== undefined && `< ${exclusiveMaximum}`,
  ].filter(Boolean);
  return `${name === 'integer' ? 'an integer' : 'a number'} ${bounds.join(' and ')}`.trim();
}
