/**
 * The model of a night. It grows beside the one in force (record/models.ts) and takes its place when it is finished and
 * not worse than its gate allows. `model-gates.ts` says when one is due and which is let through.
 */
import { basename, join } from 'node:path';
import { ToolkitError } from '../../crawlers/shell/errors.ts';
import { type Outcome, unattended, type Work } from '../../crawlers/shell/work.ts';
import { checksumOf } from '../../shards/checksum.ts';
import type { TokenFolder } from '../../shards/tokens/source.ts';
import { openFolders } from '../loader/token-folders.ts';
import { type Checkpoint, checkpointsIn, openCheckpoint } from '../record/checkpoint.ts';
import {
  forgetOlder,
  moveUnfinished,
  type NightRecord,
  nextModel,
  putInForce,
  readModels,
  type StoredModel,
  type Verdict,
  writeRecord,
} from '../record/models.ts';
import { drawHeldOut, halfOf } from '../score/draw.ts';
import { type HeldOut, heldOutOf, textOf } from '../score/held-out.ts';
import { evaluateModel } from './evaluate-model.ts';
import { finishedSummary, identityOf, isFinished, readEvaluation } from './history.ts';
import { type Attempt, dueOf, type ModelPolicy, otherShape, passesGate } from './model-gates.ts';
import { finalTokensOf, type TrainingOptions, type TrainingSummary } from './options.ts';
import { otherIds } from './origin.ts';
import { batchOf, modelOf } from './recipe.ts';
import { runTraining } from './run.ts';

/** What a night did for its model. */
export interface Night {
  /** Of the model in force; none: no night has finished one. */
  readonly inForce?: TrainingSummary;
  /** Its folder in `models/`, and the fingerprint of the tokens that it was trained on. */
  readonly model?: { readonly name: string; readonly tokens: string };
  /** A new one that its gate refused tonight. */
  readonly refused?: StoredModel & { readonly verdict: Verdict };
}

interface Tonight extends Required<Attempt> {
  readonly folders: readonly TokenFolder[];
  /** Which text is held out. */
  readonly heldOut: string;
  readonly validShare: number;
}

type NightOptions = Omit<TrainingOptions, 'out' | 'start'>;

/**
 * Trains into OUT/models what is due, and puts it in force as OUT/model if its gate lets it.
 * @throws ToolkitError as `runTraining`, BAD_OPTION for a policy that cannot be had
 */
export async function trainNight(
  out: string,
  options: NightOptions,
  policy: ModelPolicy,
  work: Work = unattended(),
): Promise<Outcome<Night, undefined>> {
  if (policy.model === 'never') return keepModel(out);
  const { inForce, newest: latest } = adopt(out);
  const newest = latest?.record?.withdrawn ? undefined : latest;
  const tonight = await tonightOf(options);
  const night = { out, options, policy, tonight };
  if (newest && isWaiting(newest, inForce, policy) && wholeOrSay(newest, work)) return judge(newest, night, work);

  const { trains, why } = dueOf(attemptOf(newest ?? inForce, work) ?? attemptOf(inForce, work), tonight, policy);
  if (!trains) {
    if (why) work.report.note(`the model in force stays: ${why}`);
    return keepModel(out);
  }
  const growing = beginIn(out, tonight, work, why);
  const how = policy.model === 'continue' ? await goingOn(inForce, night, work) : options;
  const trained = await runTraining({ ...how, out: growing.dir, start: 'restart' }, work);
  return trained.outcome === 'interrupted'
    ? { outcome: 'interrupted', report: undefined }
    : judge(growing, { ...night, options: how }, work);
}

/** How a model is trained that goes on from the one in force: with its weights, in a share of the steps; else anew, and why. */
async function goingOn(
  inForce: StoredModel | undefined,
  { options, policy, tonight: { identity, folders } }: Judged,
  work: Work,
): Promise<NightOptions> {
  if (inForce === undefined) return options; // the first one
  const before = isFinished(inForce.dir) ? wholeOrSay(inForce, work) : undefined;
  const other = before && ((await otherIds(before.dir, folders[0])) ?? otherShape(before.state.options, identity));
  if (before === undefined || other !== undefined) {
    const why = other ?? 'it is not finished, or damaged';
    work.report.note(`${inForce.dir}: nothing goes on from it, a new model begins: ${why}`);
    return options;
  }
  const steps = Math.max(1, Math.ceil(options.steps * policy.modelContinueShare));
  return { ...options, steps, initFrom: before.dir, depth: 0, width: 0, preset: undefined };
}

/** The model in force as it stands. */
function keepModel(out: string): Outcome<Night, undefined> {
  return { outcome: 'nothing_new', report: standing(out) };
}

function standing(out: string): Pick<Night, 'inForce' | 'model'> {
  const { inForce } = readModels(out);
  if (inForce === undefined || !isFinished(inForce.dir)) return {};
  const checkpoint = openCheckpoint(inForce.dir, { need: 'parameters' });
  const summary = finishedSummary(inForce.dir, checkpoint);
  return {
    inForce: summary && { ...summary, checkpoint: join(inForce.dir, basename(checkpoint.dir)) },
    model: { name: inForce.name, tokens: String(checkpoint.state.options.tokens) },
  };
}

/** The models of the folder; an unfinished one of an older version goes to where models grow. */
function adopt(out: string): ReturnType<typeof readModels> {
  const models = readModels(out);
  const { inForce, newest } = models;
  const hasAll = newest !== undefined || inForce === undefined || inForce.record !== undefined;
  if (hasAll || isFinished(inForce.dir) || checkpointsIn(inForce.dir).length === 0) return models;
  moveUnfinished(out, models);
  return readModels(out);
}

async function tonightOf(options: NightOptions): Promise<Tonight> {
  const folders = await openFolders(options.tokens);
  const identity = identityOf(
    { ...options, out: '', start: 'restart' },
    modelOf(options, folders[0].manifest.vocabSize),
    folders,
  );
  const shards = folders.flatMap(({ manifest }) => manifest.shards);
  const train = shards.filter(({ split }) => split === 'train');
  const textBytes = train.reduce((sum, shard) => sum + shard.textBytes, 0);
  const text: string[] = [];
  for (const folder of folders) {
    for (const shard of folder.manifest.shards) {
      if (shard.split === 'valid')
        text.push(`${shard.clusters} ${(await folder.documents(shard))!.textBytes.join(' ')}`);
    }
  }
  const heldOut = checksumOf(new TextEncoder().encode(text.join('\n')));
  const validShare = Math.max(...folders.map(({ manifest }) => manifest.validShare));
  return { folders, identity, textBytes, begun: Date.now(), heldOut, validShare };
}

/** What a finished model was; nothing of one that is not, or that is damaged: then a new one is due. */
function attemptOf(model: StoredModel | undefined, work: Work): Attempt | undefined {
  if (model === undefined || !isFinished(model.dir)) return undefined;
  const checkpoint = wholeOrSay(model, work);
  if (checkpoint === undefined) return undefined;
  const begun = Date.parse(model.record?.begun ?? '');
  return {
    identity: checkpoint.state.options,
    textBytes: model.record?.textBytes,
    ...(!Number.isNaN(begun) && { begun }),
  };
}

/** The model's checkpoint, if it and the newest are one. */
function wholeOrSay({ dir }: Pick<StoredModel, 'dir'>, { report: { note } }: Work): Checkpoint | undefined {
  try {
    const checkpoint = openCheckpoint(dir, { need: 'parameters' });
    if (checkpoint.damaged.length === 0) return checkpoint;
    note(`damaged: ${checkpoint.damaged[0].reason}`);
  } catch (error) {
    if (!(error instanceof ToolkitError && error.code === 'BAD_CHECKPOINT')) throw error;
    note(`damaged: ${error.message}`);
  }
}

/** A model that an earlier night left growing, or a new place. */
function beginIn(out: string, tonight: Tonight, { report }: Work, why?: string): StoredModel {
  const models = readModels(out);
  const { inForce, newest } = models;
  const isGrowing = newest !== undefined && !isFinished(newest.dir);
  const place = isGrowing ? newest : nextModel(out, models);
  if (inForce) report.note(`${place.dir}: a model grows beside the one in force${why ? `: ${why}` : ''}`);
  const { record } = place as StoredModel;
  const isSameText = record?.textBytes === tonight.textBytes && record.heldOut === tonight.heldOut;
  return isSameText ? place : writeRecord(place, recordOf(tonight));
}

const recordOf = ({ textBytes, heldOut, validShare, begun }: Tonight): Omit<NightRecord, 'name'> => ({
  ...{ begun: new Date(begun).toISOString(), textBytes, heldOut, validShare },
});

interface Judged {
  readonly out: string;
  readonly options: NightOptions;
  readonly policy: ModelPolicy;
  readonly tonight: Tonight;
}

/** A finished model whose gate was never asked, for the night was killed; or that the tolerance of tonight lets through. */
function isWaiting(
  { dir, record }: StoredModel,
  inForce: StoredModel | undefined,
  { modelTolerance }: ModelPolicy,
): boolean {
  const verdict = record?.verdict;
  if (verdict?.accepted !== false) return isFinished(dir);
  return verdict.beforeName === inForce?.name && passesGate(verdict.before, verdict.bitsPerByte, modelTolerance);
}

/** The gate: a finished model takes the place of the one in force, or stays beside it. */
async function judge(model: StoredModel, night: Judged, work: Work): Promise<Outcome<Night, undefined>> {
  const { out, policy, tonight } = night;
  const { inForce } = readModels(out);
  const old = inForce && canCompare([model, inForce], tonight, work) ? inForce : undefined;
  const text = old && (await textOfNight(night));
  const before = old && (await figureOf(old, night, work, text));
  const bitsPerByte = await figureOf(model, night, work, before === undefined ? undefined : text);
  if (work.signal.aborted || bitsPerByte === undefined) return { outcome: 'interrupted', report: undefined };
  const { modelTolerance: tolerance } = policy;
  const accepted = passesGate(before, bitsPerByte, tolerance);
  const verdict: Verdict = { accepted, bitsPerByte, before, beforeName: inForce?.name, tolerance };
  writeRecord(model, { ...(model.record ?? recordOf(tonight)), verdict });
  if (accepted) putInForce(out, model);
  forgetOlder(out);
  work.report.note(verdictText(model, verdict));
  const refused = accepted ? undefined : { ...model, verdict };
  return { outcome: 'written', report: { ...standing(out), refused } };
}

/** Not when one of them was trained on text that is held out now. */
function canCompare(models: readonly StoredModel[], { validShare }: Tonight, { report }: Work): boolean {
  const knows = models.find(({ record }) => record?.validShare !== undefined && record.validShare < validShare);
  if (knows) report.note(`${knows.dir}: not compared, it was trained on text that is held out now`);
  return knows === undefined;
}

/** Held-out text of tonight that models are compared on: what the closing figures of a training tonight are of. */
async function textOfNight({ options, tonight: { folders } }: Judged): Promise<HeldOut> {
  const config = modelOf(options, folders[0].manifest.vocabSize);
  const trained = batchOf(options, config) * config.context * options.steps;
  return drawHeldOut(halfOf(await heldOutOf(folders), 'test'), finalTokensOf(options, trained));
}

/**
 * Bits per byte on `heldOut`, as the model was evaluated or is evaluated now; without it, on the text of its own closing
 * figures. None when it is damaged, was never finished, or the night is stopped.
 */
async function figureOf(
  { dir }: StoredModel,
  { options, tonight: { folders } }: Judged,
  work: Work,
  heldOut?: HeldOut,
): Promise<number | undefined> {
  const evaluation = isFinished(dir) ? readEvaluation(dir) : undefined;
  const checkpoint = evaluation && wholeOrSay({ dir }, work);
  if (checkpoint === undefined) return undefined;
  if (heldOut === undefined || evaluation?.text?.id === textOf(heldOut).id) return evaluation?.bitsPerByte;
  return evaluateModel(checkpoint, { heldOut, from: folders[0].where }, options.adapter, work);
}

function verdictText({ dir }: StoredModel, { accepted, bitsPerByte, before, tolerance }: Verdict): string {
  const own = `${bitsPerByte.toFixed(4)} bits per byte`;
  if (before === undefined) return `${dir}: in force, ${own}`;
  const both = `${own} held out, the one before ${before.toFixed(4)}`;
  if (accepted) return `${dir}: in force: ${both}`;
  const limit = `at most ${(100 * tolerance).toFixed(1)} % more may be`;
  return `${dir}: refused, the old model stays in force: ${both}, ${limit}; --model-tolerance lets it through`;
}
