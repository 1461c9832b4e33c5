/** What holds for checkpoints: tensor files are whole, their checksums right where state.json has them, the rest loads. */
import { closeSync, existsSync, fstatSync, openSync, readSync } from 'node:fs';
import { basename, join } from 'node:path';
import { badInput, reasonOf } from '../../crawlers/shell/errors.ts';
import { readJsonIfPresent } from '../../crawlers/shell/folder.ts';
import type { Findings } from '../../crawlers/shell/work.ts';
import { Tokenizer } from '../../tokenizer/load.ts';
import { type CheckpointState, checkpointsIn, MODEL_FILE, OPTIMIZER_FILE } from './checkpoint.ts';
import { readCurve } from './curve.ts';
import { besideInForce, readModels, type StoredModel } from './models.ts';
import { type FileFacts, fileChecksum, notNumbers } from './tensor-file.ts';

const TENSOR_FILES = [MODEL_FILE, OPTIMIZER_FILE];

type State = Pick<CheckpointState, 'files'>;

/** The model in force of a run, those that stand beside it, or the model or checkpoint that `dir` is. */
export async function verifyModel(dir: string, findings: Findings): Promise<boolean> {
  const { inForce, names } = readModels(dir);
  let isKnown = await verifyOne(dir, findings);
  if (inForce) isKnown = (await verifyOne(inForce.dir, findings)) || isKnown;
  for (const model of besideInForce(dir)) {
    isKnown = (await verifyOne(model.dir, findings)) || isKnown;
    findings.notes.push(`${model.dir}: ${standingOf(model, inForce)}`);
  }
  return isKnown || names.length > 0;
}

/** What a model beside the one in force is. */
function standingOf({ name, dir, record }: StoredModel, inForce: StoredModel | undefined): string {
  const { accepted, bitsPerByte, before } = record?.verdict ?? {};
  if (inForce && Number(name) < Number(inForce.name)) return 'the model before the one in force';
  if (accepted === false)
    return `refused by its gate: ${bitsPerByte!.toFixed(4)} bits per byte, in force ${before!.toFixed(4)}`;
  const last = checkpointsIn(dir).at(-1);
  return `growing, not in force: ${last ? basename(last) : 'no checkpoint yet'}`;
}

async function verifyOne(dir: string, findings: Findings): Promise<boolean> {
  const hasCurve = existsSync(join(dir, 'curve.jsonl'));
  if (hasCurve) await findings.file(join(dir, 'curve.jsonl'), 'curve', () => readCurve(dir));
  const checkpoints = existsSync(join(dir, 'state.json')) ? [dir] : checkpointsIn(dir);
  for (const checkpoint of checkpoints) {
    const statePath = join(checkpoint, 'state.json');
    let state: State | undefined;
    await findings.file(statePath, 'state', () => {
      state = readJsonIfPresent<State>(statePath);
      if (state === undefined) throw badCheckpoint(statePath, 'missing');
    });
    const { files } = state ?? {}; // a page leaves no moments and lists none; version 1 listed nothing
    for (const name of TENSOR_FILES.filter((file) => !files || file in files)) {
      const path = join(checkpoint, name);
      await findings.file(path, 'tensors', () => {
        verifyTensors(path, state?.files?.[name]);
        const bad = name === MODEL_FILE ? notNumbers(path) : undefined;
        if (bad) throw badCheckpoint(path, bad);
      });
    }
    await findings.file(join(checkpoint, 'tokenizer.json'), 'tokenizer', () => Tokenizer.load(checkpoint));
    findings.counts.checkpoints++;
  }
  return hasCurve || checkpoints.length > 0;
}

/** @throws ToolkitError BAD_CHECKPOINT */
function verifyTensors(path: string, facts: FileFacts | undefined): void {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (error) {
    throw badCheckpoint(path, reasonOf(error));
  }
  try {
    const { size } = fstatSync(file);
    const expected = facts?.bytes ?? sizeByHeader(file, path);
    if (size !== expected) throw badCheckpoint(path, `${size} bytes, expected ${expected}`);
    if (facts === undefined) return;
    const found = fileChecksum(file, size);
    if (found !== facts.checksum) throw badCheckpoint(path, `checksum ${found}, expected ${facts.checksum}`);
  } finally {
    closeSync(file);
  }
}

/** Bytes that a safetensors file must have: the header says where each tensor ends. */
function sizeByHeader(file: number, path: string): number {
  const { size } = fstatSync(file);
  const start = Buffer.alloc(8);
  readSync(file, start, 0, 8, 0);
  const headerBytes = Number(start.readBigUInt64LE());
  if (headerBytes > size - 8) throw badCheckpoint(path, `ends in its header of ${headerBytes} bytes`);
  const header = Buffer.alloc(headerBytes);
  readSync(file, header, 0, headerBytes, 8);
  try {
    const entries = Object.values(JSON.parse(header.toString()) as Record<string, { data_offsets?: [number, number] }>);
    return 8 + headerBytes + Math.max(0, ...entries.map(({ data_offsets }) => data_offsets?.[1] ?? 0));
  } catch (error) {
    throw badCheckpoint(path, `its header is no JSON: ${reasonOf(error)}`);
  }
}

const badCheckpoint = (path: string, fact: string) =>
  badInput('BAD_CHECKPOINT', `${path}: ${fact}`, 'use an earlier checkpoint');
