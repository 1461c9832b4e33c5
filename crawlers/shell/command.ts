/**
 * A command of `vua` is one zod object (its keys become flags, help and config keys) next to its `run`.
 *
 *   outDir: z.string().describe('folder to write')            → --out-dir <value>   required
 *   steps: z.coerce.number().int().default(200).describe(…)    → --steps <value>     default 200
 *   seed: z.array(z.string()).default([]).describe(…)          → --seed <value...>   may be repeated
 *   resume: z.boolean().default(false).describe(…)             → --resume
 *
 * Rooms define commands; `main.ts` lists them. A command with an option `config` also takes its options from that JSON
 * file, or from vua.config.json in the current folder; flags win.
 */
import { existsSync } from 'node:fs';
import type { Command as Commander } from 'commander';
import { z } from 'zod';
import { badInput } from '../errors.ts';
import { readJsonIfPresent } from './folder.ts';
import type { Reporter } from './reporter.ts';

export interface CommandContext {
  /** Aborted by Ctrl-C or SIGTERM: finish what is in hand, leave valid state, return. */
  readonly signal: AbortSignal;
  readonly report: Reporter;
}

export const NOTHING_NEW = 99;
export const INTERRUPTED = 130;

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
  /** Returns the exit status; nothing means 0, 99 means nothing new. */
  run(options: z.infer<z.ZodObject<Shape>>, context: CommandContext): Promise<number | undefined>;
}

/** Types the options of `run` from the zod object and forgets them, so that commands can stand in one list. */
export function defineCommand<Shape extends z.ZodRawShape>(command: Command<Shape>): Command {
  return command as unknown as Command;
}

const kebab = (key: string): string => key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** `--flag` of an option key. */
export const flagOf = (key: string): string => `--${kebab(key)}`;

interface OptionFacts {
  readonly isBoolean: boolean;
  readonly isArray: boolean;
  readonly isRequired: boolean;
  readonly fallback: unknown;
  readonly description: string;
}

/** Reads default, arity and description out of a zod type through its wrappers. */
function factsOf(type: z.ZodType): OptionFacts {
  let inner: z.ZodType = type;
  let description = inner.description;
  while (inner instanceof z.ZodDefault || inner instanceof z.ZodOptional || inner instanceof z.ZodNullable) {
    inner = inner.unwrap() as z.ZodType;
    description ??= inner.description;
  }
  const absent = type.safeParse(undefined);
  return {
    isBoolean: inner instanceof z.ZodBoolean,
    isArray: inner instanceof z.ZodArray,
    isRequired: !absent.success,
    fallback: absent.success ? absent.data : undefined,
    description: description ?? '',
  };
}

/** Adds one command to the program; `start` receives the validated options. */
export function addCommand(
  program: Commander,
  command: Command,
  start: (command: Command, options: Record<string, unknown>) => Promise<void>,
): void {
  const words = command.name.split(' ');
  let parent = program;
  for (const word of words.slice(0, -1)) {
    parent =
      parent.commands.find((existing) => existing.name() === word) ??
      parent.command(word).description(`${word} commands`).usage('<command> [options]');
  }
  const leaf = parent.command(words.at(-1)!).description(command.summary);
  for (const [key, type] of Object.entries(command.options.shape)) {
    const facts = factsOf(type as z.ZodType);
    const shown = facts.isRequired ? `${facts.description} (required)` : facts.description;
    if (key === command.positional) {
      const name = facts.isArray ? `${key}...` : key;
      leaf.argument(facts.isRequired ? `<${name}>` : `[${name}]`, facts.description);
      continue;
    }
    const value = facts.isBoolean ? '' : facts.isArray ? ' <value...>' : ' <value>';
    const option = leaf.createOption(`${flagOf(key)}${value}`, shown);
    // Shown in help only: zod applies the default, so that commander cannot hide whether the user gave a value.
    const { fallback } = facts;
    if (fallback !== undefined && fallback !== false && !(Array.isArray(fallback) && fallback.length === 0)) {
      option.description = `${shown} (default: ${String(fallback)})`;
    }
    leaf.addOption(option);
  }
  leaf.option('--json', 'results as JSON lines on stdout, progress as JSON lines on stderr');
  leaf.option('--debug', 'show stack traces');
  leaf.addHelpText('after', `\nExamples:\n${command.examples.map((example) => `  $ ${example}`).join('\n')}\n`);
  leaf.action(async () => {
    const { json: _json, debug: _debug, ...given } = leaf.opts<Record<string, unknown>>();
    if (command.positional !== undefined && leaf.processedArgs[0] !== undefined) {
      given[command.positional] = leaf.processedArgs[0];
    }
    await start(command, parseOptions(command, { ...readConfig(command, given), ...given }, flagOf));
  });
}

const CONFIG_FILE = 'vua.config.json';

/** Options from the config file, each key checked on its own so that the error names the file. */
function readConfig(command: Command, given: Record<string, unknown>): Record<string, unknown> {
  if (!('config' in command.options.shape)) return {};
  const path = (given.config as string | undefined) ?? (existsSync(CONFIG_FILE) ? CONFIG_FILE : undefined);
  if (path === undefined) return {};
  const config = readJsonIfPresent<unknown>(path);
  if (typeof config !== 'object' || config === null || Array.isArray(config)) {
    const found = config === undefined ? 'no such file' : `found ${JSON.stringify(config).slice(0, 40)}`;
    throw badInput(
      'BAD_CONFIG',
      `${path}: ${found}, expected an object of options`,
      `keys: ${Object.keys(command.options.shape).join(', ')}`,
    );
  }
  const partial = { name: path, options: command.options.partial() };
  parseOptions(partial, config as Record<string, unknown>, (key) => key);
  return config as Record<string, unknown>;
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
  const parsed = z.strictObject(command.options.shape).safeParse(given);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  if (issue.code === 'unrecognized_keys') {
    throw badInput(
      'BAD_OPTION',
      `${command.name}: unknown key ${nameOf(issue.keys[0]!)}, allowed: ${Object.keys(command.options.shape).map(nameOf).join(', ')}`,
    );
  }
  const key = String(issue.path[0] ?? '');
  const value = given[key];
  const said = value === undefined ? 'is missing' : `was given ${JSON.stringify(value)}`;
  const description = factsOf(command.options.shape[key] as z.ZodType).description;
  throw badInput(
    'BAD_OPTION',
    `${command.name}: ${nameOf(key)} ${said}: ${issue.message.replace(/^Invalid \w+: |, received \w+$/g, '')}`,
    `${nameOf(key)}: ${description}`,
  );
}
