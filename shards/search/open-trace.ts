/** Opens the index over a folder of tokens, here or behind HTTP; here it makes first what is missing. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { badInput, ToolkitError } from '../../crawlers/shell/errors.ts';
import { unattended, type Work } from '../../crawlers/shell/work.ts';
import { openRanges } from '../arrow/file-ranges.ts';
import { pathOf, type RangeReader } from '../arrow/ranges.ts';
import { findFolders } from '../manifest.ts';
import type { TokenShard } from '../manifest-shape.ts';
import { type Making, makeSideFiles, SEARCH, sideFolder } from '../side-files.ts';
import { fetchBytes, type HttpOptions, httpRanges } from '../tokens/http.ts';
import { fetchTokenizer, isUrl, openTokens, type TokenFolder } from '../tokens/source.ts';
import { DamagedIndex } from './postings.ts';
import { buildSuffixes } from './suffix-build.ts';
import { parseSamples, type Samples } from './suffix-file.ts';
import { ShardSuffixes } from './suffixes.ts';
import { Trace } from './trace.ts';
import { type Pieces, Vocabulary } from './vocabulary.ts';

export type ParseTokenizer = (json: Uint8Array, name: string, config?: Uint8Array) => Pieces;

const filesOf = ({ split, checksum }: TokenShard) => ({
  suffixes: `${split}-${checksum}.suffixes`,
  samples: `${split}-${checksum}.samples`,
});

/**
 * @param where folder of a run or of tokens; URL of one, with `search` beside or in it
 * @param parse makes a tokenizer of its files
 * @throws ToolkitError NO_MANIFEST, BAD_SHARD, BAD_TOKENIZER (exit 2), NO_INDEX: a URL without an index; REQUEST_FAILED
 */
export async function openTrace(
  where: string,
  parse: ParseTokenizer,
  work: Work & HttpOptions = unattended(),
): Promise<Trace> {
  return isUrl(where) ? openThere(where.replace(/\/+$/, ''), parse, work) : openHere(where, parse, work);
}

async function openHere(where: string, parse: ParseTokenizer, { signal, report }: Work): Promise<Trace> {
  const { tokens } = findFolders(where);
  if (tokens === undefined)
    throw badInput('NO_MANIFEST', `${where}: no tokens here`, 'make them with `vua tokens` or `vua run`');
  const folder = await openTokens(tokens);
  const vocabulary = new Vocabulary(
    parse(
      readFileSync(join(tokens, 'tokenizer.json')),
      join(tokens, 'tokenizer.json'),
      ifThere(join(tokens, 'tokenizer_config.json')),
    ),
  );
  checkTokenizer(folder, vocabulary);
  const dir = sideFolder(tokens);
  const ranges = { tokens: openRanges(tokens), index: openRanges(dir) };
  const shards: ShardSuffixes[] = [];
  const missing = folder.manifest.shards.filter((shard) => samplesHere(dir, shard, vocabulary) === undefined);
  const making: Making<(typeof missing)[number]> = {
    unit: 'tokens',
    sizeOf: ({ rows }) => rows,
    async make(shard) {
      signal.throwIfAborted();
      const { suffixes, samples } = filesOf(shard);
      await buildSuffixes(folder, shard, vocabulary, { suffixes: join(dir, suffixes), samples: join(dir, samples) });
    },
  };
  await makeSideFiles(tokens, dir, missing, making, { report });
  for (const shard of folder.manifest.shards) {
    const samples = samplesHere(dir, shard, vocabulary);
    if (samples === undefined) throw new DamagedIndex(`${dir}: the index of ${shard.file} is not there again`);
    shards.push(shardOf(folder, shard, vocabulary, samples, ranges));
  }
  return new Trace(folder, shards, vocabulary, () => {
    ranges.tokens.close();
    ranges.index.close();
  });
}

const ifThere = (path: string): Buffer | undefined => (existsSync(path) ? readFileSync(path) : undefined);

/** `undefined` where it is not there, or not whole. */
function samplesHere(dir: string, shard: TokenShard, vocabulary: Vocabulary): Samples | undefined {
  const { suffixes, samples } = filesOf(shard);
  if (!existsSync(join(dir, samples)) || !existsSync(join(dir, suffixes))) return undefined;
  try {
    const parsed = parseSamples(readFileSync(join(dir, samples)), vocabulary.size);
    const isOf = parsed.head.tokenizer === vocabulary.fingerprint && parsed.head.shard === shard.checksum;
    return isOf ? parsed : undefined;
  } catch (error) {
    if (error instanceof DamagedIndex || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

async function openThere(base: string, parse: ParseTokenizer, options: HttpOptions): Promise<Trace> {
  const [tokensAt, sides] = base.endsWith('/tokens')
    ? [base, [pathOf(base.slice(0, -'/tokens'.length), SEARCH), pathOf(base, SEARCH)]]
    : [pathOf(base, 'tokens'), [pathOf(base, SEARCH)]];
  const folder = await openTokens(tokensAt, options);
  const files = await fetchTokenizer(folder);
  const vocabulary = new Vocabulary(
    parse(files['tokenizer.json'], pathOf(tokensAt, 'tokenizer.json'), files['tokenizer_config.json']),
  );
  checkTokenizer(folder, vocabulary);
  const shards: ShardSuffixes[] = [];
  let side: string | undefined;
  for (const shard of folder.manifest.shards) {
    const found = await samplesThere(side === undefined ? sides : [side], shard, vocabulary, options);
    side = found.side;
    const ranges = { tokens: httpRanges(tokensAt, options), index: httpRanges(side, options) };
    shards.push(shardOf(folder, shard, vocabulary, found.samples, ranges));
  }
  return new Trace(folder, shards, vocabulary, () => {});
}

async function samplesThere(sides: readonly string[], shard: TokenShard, vocabulary: Vocabulary, options: HttpOptions) {
  for (const side of sides) {
    try {
      const bytes = await fetchBytes(pathOf(side, filesOf(shard).samples), options);
      return { side, samples: parseSamples(bytes, vocabulary.size) };
    } catch (error) {
      const isMissing = error instanceof ToolkitError && error.code === 'BAD_SHARD';
      if (!isMissing && !(error instanceof DamagedIndex)) throw error;
    }
  }
  throw badInput(
    'NO_INDEX',
    `${sides.join(', ')}: no index of ${shard.file}`,
    'run `vua trace` once where the folder lies, and serve the folder `search` with it',
  );
}

function shardOf(
  folder: TokenFolder,
  shard: TokenShard,
  vocabulary: Vocabulary,
  samples: Samples,
  ranges: { tokens: RangeReader; index: RangeReader },
): ShardSuffixes {
  const { manifest } = folder;
  return new ShardSuffixes({ manifest, shard, vocabulary }, samples, filesOf(shard).suffixes, ranges);
}

function checkTokenizer({ where, manifest }: TokenFolder, { fingerprint }: Vocabulary): void {
  if (fingerprint === manifest.tokenizer) return;
  throw badInput(
    'BAD_SHARD',
    `${pathOf(where, 'tokenizer.json')}: checksum ${fingerprint}, expected ${manifest.tokenizer}`,
    'restore the file from a copy, or make the tokens again',
  );
}
