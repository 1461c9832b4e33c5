/** The weights that a run goes on from (`--init-from`): which, of what shapes, and how they are put into another run. */
import { resolve } from 'node:path';
import { badInput } from '../../crawlers/shell/errors.ts';
import type { Reporter } from '../../crawlers/shell/reporter.ts';
import { checksumOf } from '../../shards/checksum.ts';
import { isUrl, type TokenFolder } from '../../shards/tokens/source.ts';
import { Tokenizer } from '../../tokenizer/load.ts';
import type { Arena } from '../model/arena.ts';
import { MODEL_DEFAULTS, type ModelConfig } from '../model/config.ts';
import { newestState } from '../record/checkpoint.ts';
import { isGguf } from '../record/gguf-weights.ts';
import { loadWeights, type NewRows, openWeights, type Training, type Weights } from '../record/weights.ts';
import type { TrainingOptions } from './options.ts';
import type { RecipeOptions } from './recipe-options.ts';

/** As it stands in every checkpoint of the run: what goes on after that needs the weights no more. */
export interface Origin {
  readonly from: string;
  readonly fingerprint: string;
  /** Of the weights. */
  readonly config: ModelConfig;
  /** Trainings that made them, as far as they are known here. */
  readonly past?: readonly Training[];
}

/**
 * What `options` go on from: as the checkpoints in OUT say, else as the folder is now; none where nothing is said.
 * @throws ToolkitError those of openWeights, BAD_OPTION for shapes that are asked for beside it
 */
export function originOf({ out, start, initFrom, ...options }: TrainingOptions): Origin | undefined {
  const known = start === 'new' ? undefined : (newestState(out)?.extra?.origin as Origin | undefined);
  const from = initFrom ? resolve(initFrom) : undefined;
  const isSaidAgain = from === known?.from || (from === undefined && start === 'resume');
  if (known && isSaidAgain) return known;
  if (from === undefined) return undefined;
  const { config, fingerprint, past } = openWeights(from);
  refuseOtherShapes(config, options, initFrom!);
  return { from, fingerprint, config, past };
}

/** Width, depth and switches are those of the weights. */
function refuseOtherShapes(config: ModelConfig, options: RecipeOptions, from: string): void {
  const asked: Readonly<Record<string, [said: unknown, unsaid: unknown, found: unknown]>> = {
    preset: [options.preset, undefined, `${config.layers} layers × ${config.width}`],
    depth: [options.depth, 0, config.layers],
    width: [options.width, 0, config.width],
    architecture: [options.architecture ?? 'qwen3', MODEL_DEFAULTS.architecture, config.architecture],
    untied: [options.untied ?? false, false, !config.tied],
    activation: [options.activation ?? 'swiglu', MODEL_DEFAULTS.activation, config.activation],
    softcap: [options.softcap ?? 0, 0, config.softcap],
    'value-embeddings': [options.valueEmbeddings ?? false, false, config.valueEmbeddings],
    'residual-scalars': [options.residualScalars ?? false, false, config.residualScalars],
  };
  for (const [name, [said, unsaid, found]] of Object.entries(asked)) {
    if (said === unsaid || said === found) continue;
    throw badInput(
      'BAD_OPTION',
      `--${name} ${said}: ${from} has ${found}`,
      'leave it out: a model keeps its shapes; --context, --rope-base, batch and rate may change',
    );
  }
}

/**
 * Fills the arena with them, and says so.
 * @param folder Tokens that are trained on.
 * @throws ToolkitError OTHER_TOKENIZER when ids mean other texts, OTHER_RUN when the weights are not those that the run began with
 */
export async function fillFrom(origin: Origin, arena: Arena, folder: TokenFolder, { note }: Reporter): Promise<void> {
  const weights = openWeights(origin.from);
  if (weights.fingerprint !== origin.fingerprint) {
    throw badInput(
      'OTHER_RUN',
      `${origin.from}: other weights than those that the run began with`,
      'choose another --out',
    );
  }
  const newRows = await newRowsOf(weights, folder);
  loadWeights(weights, arena, newRows ?? new Map());
  note(`going on from the weights of ${origin.from}`);
  if (newRows === undefined) note(`${weights.dir}: no tokenizer.json, the ids are taken to be those of the tokens`);
  else if (newRows.size > 0) note(`${newRows.size} ids are new: their rows begin as the mean of those of their pieces`);
}

/** Why ids of the tokens do not mean what they mean to the weights in `dir`; more of them may. */
export async function otherIds(dir: string, { where, manifest }: TokenFolder): Promise<string | undefined> {
  const old = await Tokenizer.load(dir);
  if (old.fingerprint === manifest.tokenizer) return undefined;
  return isUrl(where) ? 'another tokenizer' : firstOther(old, await Tokenizer.load(where));
}

/** None where the weights have no tokenizer to compare. */
async function newRowsOf(weights: Weights, { where, manifest }: TokenFolder): Promise<NewRows | undefined> {
  const { dir, config } = weights;
  const json = weights.tokenizerJson();
  if (json === undefined && !isGguf(dir) && config.vocabSize >= manifest.vocabSize) return undefined;
  if (json !== undefined && checksumOf(json) === manifest.tokenizer) return new Map();
  const old = await weights.tokenizer();
  const tokenizer = isUrl(where) ? undefined : await Tokenizer.load(where);
  const other = tokenizer && firstOther(old, tokenizer);
  if (tokenizer && other === undefined) {
    const added = Array.from({ length: tokenizer.vocabSize - old.vocabSize }, (_, i) => old.vocabSize + i);
    return new Map(added.map((id) => [id, old.piecesOf(tokenizer.bytesOf(id))]));
  }
  throw badInput(
    'OTHER_TOKENIZER',
    `${where}: made with another tokenizer than ${dir} has${other === undefined ? '' : `: ${other}`}`,
    'make the tokens with the tokenizer of the weights (`vua tokens --tokenizer`)',
  );
}

/** The first id that means another text. */
function firstOther(old: Tokenizer, now: Tokenizer): string | undefined {
  if (now.vocabSize < old.vocabSize) return `${now.vocabSize} ids, expected ${old.vocabSize}`;
  for (let id = 0; id < old.vocabSize; id++) {
    if (Buffer.compare(old.bytesOf(id), now.bytesOf(id)) === 0) continue;
    const [was, is] = [old, now].map((one) => JSON.stringify(one.decode([id])));
    return `id ${id} is ${is}, expected ${was}`;
  }
}
