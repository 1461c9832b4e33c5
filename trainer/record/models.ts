/**
 * The models of a run's folder. A new one grows beside the one in force and takes its place by one rename:
 *
 *   OUT/model → models/000002   in force: a link, so that its rename replaces the whole model
 *   OUT/models/000001/          the one before it, for whoever still reads it
 *              000003/          the newest: it grows, waits for its gate, or was refused by it; night.json says which
 *
 * OUT/model itself is a folder where links cannot be had, and in runs of older versions: it moves into `models/` when the
 * next one takes its place. Whoever finds no OUT/model in between, or none yet, takes the newest of `models/`.
 */
import { existsSync, lstatSync, readdirSync, readlinkSync, renameSync, rmdirSync, rmSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, resolve } from 'node:path';
import {
  makeFolder,
  readJsonIfPresent,
  syncFolder,
  waitingLink,
  writeFileAtomic,
} from '../../crawlers/shell/folder.ts';

const [MODEL, MODELS, RECORD] = ['model', 'models', 'night.json'];
const isName = (name: string): boolean => /^\d{6,}$/.test(name);
/** Of a model of an older version, which has no number. */
const UNNUMBERED = '000000';

/** What the gate between a new model and the one in force said. */
export interface Verdict {
  readonly accepted: boolean;
  /** Held-out bits per byte of the new model. */
  readonly bitsPerByte: number;
  /** Of the model in force, on the same text; none when there was none, or it could not be compared. */
  readonly before?: number;
  /** Folder of the model that was in force. */
  readonly beforeName?: string;
  readonly tolerance: number;
}

/** `night.json` of a model: when it was begun, on what, and what came of it. */
export interface NightRecord {
  /** Folder in `models/`. */
  readonly name: string;
  /** ISO 8601. */
  readonly begun: string;
  /** Bytes of text that it is trained on. */
  readonly textBytes: number;
  /** Which text its held-out figure is of. */
  readonly heldOut: string;
  /** Share of the clusters that was held out. */
  readonly validShare?: number;
  readonly verdict?: Verdict;
  /** It was in force until the run went back to a night before it. */
  readonly withdrawn?: boolean;
}

export interface StoredModel {
  readonly name: string;
  readonly dir: string;
  readonly record?: NightRecord;
}

export interface Models {
  /** `dir` is OUT/model. */
  readonly inForce?: StoredModel;
  /** The newest in `models/`, if it is newer than that in force. */
  readonly newest?: StoredModel;
  /** All in `models/`, oldest first. */
  readonly names: readonly string[];
}

/** Reads names and records, no weights. */
export function readModels(out: string): Models {
  const names = namesIn(out);
  const model = join(out, MODEL);
  const inForce = existsSync(model) ? stored(model, nameOf(model)) : undefined;
  const last = names.at(-1);
  const isNewer = last !== undefined && Number(last) > Number(inForce?.name ?? 0);
  return { inForce, newest: isNewer ? stored(join(out, MODELS, last), last) : undefined, names };
}

/** All in `models/` but the model in force, oldest first. */
export function besideInForce(out: string): StoredModel[] {
  const { inForce, names } = readModels(out);
  return names.filter((name) => name !== inForce?.name).map((name) => stored(join(out, MODELS, name), name));
}

/** The folder that a new model may grow in. */
export function nextModel(out: string, { inForce, names }: Models): StoredModel {
  const last = Math.max(0, Number(inForce?.name ?? 0), ...names.map(Number));
  const name = String(last + 1).padStart(UNNUMBERED.length, '0');
  const dir = join(out, MODELS, name);
  makeFolder(dir);
  syncFolder(join(out, MODELS));
  syncFolder(out);
  return { name, dir };
}

export function writeRecord({ name, dir }: StoredModel, record: Omit<NightRecord, 'name'>): StoredModel {
  const whole = { name, ...record };
  writeFileAtomic(join(dir, RECORD), `${JSON.stringify(whole, null, 1)}\n`);
  return { name, dir, record: whole };
}

/** Moves OUT/model, a folder that was never finished, to where models grow. */
export function moveUnfinished(out: string, models: Models): void {
  const { dir } = nextModel(out, models);
  rmdirSync(dir);
  renameSync(join(out, MODEL), dir);
  syncFolder(join(out, MODELS));
  syncFolder(out);
}

/** Puts a model in force. Killed at any moment, the old one or this one is. */
export function putInForce(out: string, { name, dir }: StoredModel): void {
  const model = join(out, MODEL);
  const link = waitingLink(model, join(MODELS, name));
  if (lstatSync(model, { throwIfNoEntry: false }) && !isOurs(model)) {
    const aside = join(out, MODELS, nameOf(model));
    rmSync(aside, { recursive: true, force: true }); // a copy of it, where links were followed
    renameSync(model, aside);
  }
  renameSync(link ?? dir, model);
  syncFolder(join(out, MODELS));
  syncFolder(out);
}

/** Goes back to a model, where it is kept: those after it are not put in force again. Returns whether it did. */
export function returnTo(out: string, name: string): boolean {
  const { inForce, names } = readModels(out);
  if (inForce?.name === name || !names.includes(name)) return false;
  for (const later of names.filter((other) => Number(other) > Number(name))) {
    const model = stored(join(out, MODELS, later), later);
    if (model.record) writeRecord(model, { ...model.record, withdrawn: true });
  }
  putInForce(out, { name, dir: join(out, MODELS, name) });
  return true;
}

/** Removes what nobody needs any more: keeps the model in force, the one before it, and the newest. */
export function forgetOlder(out: string): void {
  const { inForce, names } = readModels(out);
  if (inForce === undefined) return;
  const kept = [inForce.name, inForce.record?.verdict?.beforeName, names.at(-1)];
  for (const name of names) {
    if (!kept.includes(name)) rmSync(join(out, MODELS, name), { recursive: true, force: true });
  }
}

/**
 * Where checkpoints and curve stand: of the folder of a run in its model, else in `dir`. Links are followed once, here:
 * what is read then is of one model, whatever takes its place meanwhile.
 */
export function modelFolder(dir: string): string {
  const inside = join(dir, MODEL);
  if (existsSync(inside)) return followed(inside);
  if (existsSync(dir) && !existsSync(join(dir, MODELS))) return followed(dir);
  const out = existsSync(dir) ? dir : dirname(resolve(dir));
  const newest = existsSync(dir) || basename(dir) === MODEL ? namesIn(out).at(-1) : undefined;
  return newest === undefined ? dir : join(out, MODELS, newest);
}

/** A damaged record counts as none: weights tell the rest. */
function stored(dir: string, name: string): StoredModel {
  return { name, dir, record: recordOf(dir) };
}

function recordOf(dir: string): NightRecord | undefined {
  try {
    return readJsonIfPresent<NightRecord>(join(dir, RECORD));
  } catch {
    return undefined;
  }
}

function namesIn(out: string): string[] {
  const models = join(out, MODELS);
  if (!existsSync(models)) return [];
  return readdirSync(models)
    .filter(isName)
    .sort((a, b) => Number(a) - Number(b));
}

/** Not a folder, nor a link of somebody else's to another disk. */
function isOurs(model: string): boolean {
  if (!lstatSync(model).isSymbolicLink()) return false;
  const target = readlinkSync(model);
  return dirname(target) === MODELS && isName(basename(target));
}

const nameOf = (model: string): string =>
  isOurs(model) ? basename(readlinkSync(model)) : (recordOf(model)?.name ?? UNNUMBERED);

function followed(path: string): string {
  if (!lstatSync(path).isSymbolicLink()) return path;
  const target = readlinkSync(path);
  return isAbsolute(target) ? target : join(dirname(path), target);
}
