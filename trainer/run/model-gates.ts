/**
 * The two questions of a night's model, as pure functions of this night and the last: whether one is trained, and whether
 * it may take the place of the one in force. `night.ts` asks them.
 */
export const MODEL_POLICIES = ['never', 'continue', 'restart'] as const;
/** Bits per byte that a new model may be worse than the one in force, as a share. */
export const MODEL_TOLERANCE = 0.02;

/** Of the steps of a new model, for one that goes on from another. Not measured yet. */
export const MODEL_CONTINUE_SHARE = 1 / 3;

export interface ModelPolicy {
  readonly model: (typeof MODEL_POLICIES)[number];
  /** Share by which the text has to have grown since the last model; 0: any new tokens. */
  readonly modelGrownBy: number;
  /** Nights from the beginning of one model to that of the next. */
  readonly modelEvery: number;
  /** Share by which a new model may be worse than the one in force. */
  readonly modelTolerance: number;
  /** Share of the steps that one gets that goes on from the model in force. */
  readonly modelContinueShare: number;
}

/** Of a training that was finished, or of one that is asked for. */
export interface Attempt {
  readonly identity: Readonly<Record<string, number | string>>;
  /** Bytes of training text; unknown of models of older versions. */
  readonly textBytes?: number;
  /** Milliseconds since 1970. */
  readonly begun?: number;
}

const DAY_MS = 86_400_000;
/** Names in an identity that change with the tokens. */
const OF_TOKENS = ['tokens', 'vocabSize', 'paddedVocab'];
/** That are other in a model that went on from another: how long it was trained, and what follows from that. */
const OF_LENGTH = ['steps', 'warmupSteps'];

/** Whether tonight trains, given the last model that was finished, in force or refused. */
export function dueOf(
  last: Attempt | undefined,
  tonight: Required<Attempt>,
  { model, modelGrownBy, modelEvery }: Pick<ModelPolicy, 'modelGrownBy' | 'modelEvery'> & Partial<ModelPolicy>,
): { readonly trains: boolean; readonly why?: string } {
  if (last === undefined) return { trains: true };
  const others = Object.keys(tonight.identity).filter(
    (key) => last.identity[key] !== tonight.identity[key] && !(model === 'continue' && OF_LENGTH.includes(key)),
  );
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

/** Names in an identity that a model which goes on from another may have of its own. */
const OWN_WHEN_CONTINUED = [
  ...['tokens', 'weights', 'layout', 'maskDocuments', 'seed', 'batch', 'context', 'ropeBase', 'schedule', 'steps'],
  ...['peak', 'warmupSteps', 'decayShare', 'floor', 'weightDecay', 'clip', 'zLoss', 'matrices'],
  ...['beta1', 'beta2', 'eps', 'muonRatio'],
];

/** Why a model cannot go on from one: they are not of the same shapes, or not of one vocabulary. */
export function otherShape(last: Attempt['identity'], tonight: Attempt['identity']): string | undefined {
  const key = Object.keys(tonight).find((name) => !OWN_WHEN_CONTINUED.includes(name) && last[name] !== tonight[name]);
  return key && `${key} was ${last[key]}, now ${tonight[key]}`;
}

/** Held-out bits per byte, of one text; `before`: of the model in force. */
export const passesGate = (before: number | undefined, bitsPerByte: number, tolerance: number): boolean =>
  before === undefined || bitsPerByte <= before * (1 + tolerance);
