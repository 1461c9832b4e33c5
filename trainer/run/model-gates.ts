/**
 * The two questions of a night's model, as pure functions of this night and the last: whether one is trained, and whether
 * it may take the place of the one in force. `night.ts` asks them.
 */
import { badInput } from '../../crawlers/shell/errors.ts';

export const MODEL_POLICIES = ['never', 'continue', 'restart'] as const;
/** Bits per byte that a new model may be worse than the one in force, as a share. */
export const MODEL_TOLERANCE = 0.02;

export interface ModelPolicy {
  readonly model: (typeof MODEL_POLICIES)[number];
  /** Share by which the text has to have grown since the last model; 0: any new tokens. */
  readonly modelGrownBy: number;
  /** Nights from the beginning of one model to that of the next. */
  readonly modelEvery: number;
  /** Share by which a new model may be worse than the one in force. */
  readonly modelTolerance: number;
}

/** Of a training that was finished, or of one that is asked for. */
export interface Attempt {
  readonly identity: Readonly<Record<string, number | string>>;
  /** Bytes of training text; unknown of models of older versions. */
  readonly textBytes?: number;
  /** Milliseconds since 1970. */
  readonly begun?: number;
}

/** @throws ToolkitError BAD_OPTION (exit 2) */
export function checkPolicy({ model }: Pick<ModelPolicy, 'model'>): void {
  if (model !== 'continue') return;
  throw badInput(
    'BAD_OPTION',
    '--model continue: training cannot begin with the weights of another model yet',
    'use --model restart (a new model grows beside the old one), or --model never',
  );
}

const DAY_MS = 86_400_000;
/** Names in an identity that change with the tokens. */
const OF_TOKENS = ['tokens', 'vocabSize', 'paddedVocab'];

/** Whether tonight trains, given the last model that was finished, in force or refused. */
export function dueOf(
  last: Attempt | undefined,
  tonight: Required<Attempt>,
  { modelGrownBy, modelEvery }: Pick<ModelPolicy, 'modelGrownBy' | 'modelEvery'>,
): { readonly trains: boolean; readonly why?: string } {
  if (last === undefined) return { trains: true };
  const others = Object.keys(tonight.identity).filter((key) => last.identity[key] !== tonight.identity[key]);
  if (others.length === 0) return { trains: false };
  const option = others.find((key) => !OF_TOKENS.includes(key));
  if (option !== undefined) {
    return { trains: true, why: `${option} was ${last.identity[option]}, now ${tonight.identity[option]}` };
  }
  const nights = last.begun === undefined ? Number.POSITIVE_INFINITY : (tonight.begun - last.begun) / DAY_MS;
  // A cron job does not start to the minute; a date in the future is of a clock that was wrong.
  if (modelEvery > 1 && nights >= 0 && nights < modelEvery - 0.5) {
    return { trains: false, why: `begun ${nights.toFixed(1)} days ago, --model-every asks for ${modelEvery} nights` };
  }
  const growth = last.textBytes === undefined ? Number.POSITIVE_INFINITY : tonight.textBytes / last.textBytes - 1;
  if (modelGrownBy > 0 && growth < modelGrownBy) {
    const [found, asked] = [growth, modelGrownBy].map((share) => `${(100 * share).toFixed(1)} %`);
    return { trains: false, why: `${found} more text than it was trained on, --model-grown-by asks for ${asked}` };
  }
  return { trains: true, why: 'there are new tokens' };
}

/** Held-out bits per byte, of one text; `before`: of the model in force. */
export const passesGate = (before: number | undefined, bitsPerByte: number, tolerance: number): boolean =>
  before === undefined || bitsPerByte <= before * (1 + tolerance);
