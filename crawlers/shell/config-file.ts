/** vua.config.json: JSON that may have comments and a comma behind its last key, as editors write it (JSONC). */
import { existsSync, readFileSync } from 'node:fs';
import { badInput, reasonOf } from './errors.ts';

/** Where options are read from: `given`, else the one of `names` that is in the current folder, if any. */
export function configPath(given: string | undefined, names: readonly string[]): string | undefined {
  if (given !== undefined) return given;
  const found = names.filter((name) => existsSync(name));
  if (found.length > 1) {
    throw badInput(
      'BAD_CONFIG',
      `${found.join(' and ')} stand beside each other, expected one`,
      'name one with --config',
    );
  }
  return found[0];
}

/**
 * What a config file says, without `$schema`, which is for editors; undefined where there is no such file.
 * @throws ToolkitError BAD_JSON
 */
export function readConfigFile(path: string): unknown {
  if (!existsSync(path)) return undefined;
  try {
    const config: unknown = JSON.parse(withoutComments(readFileSync(path, 'utf8')));
    if (typeof config !== 'object' || config === null || Array.isArray(config)) return config;
    const { $schema: _schema, ...options } = config as Record<string, unknown>;
    return options;
  } catch (error) {
    throw badInput(
      'BAD_JSON',
      `${path}: not valid JSON: ${reasonOf(error)}`,
      'mend the file; comments may stand in it',
      error,
    );
  }
}

/** Strings stay; comments, and commas before a closing bracket, become spaces, so that places in errors are those of the file. */
const withoutComments = (text: string): string => {
  const blank = (part: string): string => part.replace(/[^\n]/g, ' ');
  const uncommented = text
    .replace(/^\uFEFF/, '')
    .replace(/"(?:[^"\\\n]|\\.)*"|\/\/[^\n]*|\/\*[\s\S]*?\*\//g, (part) => (part.startsWith('"') ? part : blank(part)));
  return uncommented.replace(/"(?:[^"\\\n]|\\.)*"|,(?=\s*[}\]])/g, (part) => (part === ',' ? ' ' : part));
};
