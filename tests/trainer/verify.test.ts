/** Checkpoints on the disk, without a GPU: what `vua verify` finds in them. */
import { mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { checksumOf } from '../../shards/checksum.ts';
import { verify } from '../../shards/verify/verify.ts';
import { verifyModel } from '../../trainer/record/verify.ts';
import { context, temporaryFolder } from '../support.ts';

let run: string;
const at = (name: string): string => join(run, 'model', 'step-000010', name);
const faultsOf = async (): Promise<string[]> => {
  const { faults } = await verify(run, context(), [verifyModel]);
  return faults.map(({ file, check }) => `${file.slice(run.length)} ${check}`);
};

beforeEach(() => {
  run = temporaryFolder();
  mkdirSync(at(''), { recursive: true });
  writeFileSync(join(run, 'model', 'curve.jsonl'), '{"parameters":4}\n{"step":1}\n');
  for (const name of ['model', 'optimizer']) {
    const header = Buffer.from(`{"${name}":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}`);
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(header.length));
    writeFileSync(at(`${name}.safetensors`), Buffer.concat([length, header, Buffer.alloc(16)]));
  }
  writeFileSync(at('state.json'), '{"step":10}');
});

const CHECKPOINT = '/model/step-000010';
/** None was trained here: its absence is found in each case. */
const TOKENIZER = `${CHECKPOINT}/tokenizer.json tokenizer`;
/** As newer checkpoints have them: size and checksum of the tensor files in state.json. */
function withFacts(names = ['model.safetensors', 'optimizer.safetensors']): void {
  const facts = (name: string) => {
    const bytes = readFileSync(at(name));
    return [name, { bytes: bytes.length, checksum: checksumOf(bytes) }];
  };
  const files = Object.fromEntries(names.map(facts));
  writeFileSync(at('state.json'), JSON.stringify({ step: 10, files }));
}
function withoutMoments(listed?: string[]): void {
  withFacts(listed);
  rmSync(at('optimizer.safetensors'));
}
function flip(): void {
  withFacts();
  const bytes = readFileSync(at('model.safetensors'));
  bytes[bytes.length - 1] ^= 1;
  writeFileSync(at('model.safetensors'), bytes);
}

it.each<[string, () => void, string[]]>([
  ['nothing else', () => {}, []],
  ['a cut tensor file', () => truncateSync(at('model.safetensors'), 70), ['model.safetensors tensors']],
  ['a file cut in its header', () => truncateSync(at('optimizer.safetensors'), 5), ['optimizer.safetensors tensors']],
  [
    'a header that is no JSON',
    () => writeFileSync(at('model.safetensors'), 'xxxxxxxx{}'),
    ['model.safetensors tensors'],
  ],
  ['a tensor file that is gone', () => rmSync(at('model.safetensors')), ['model.safetensors tensors']],
  ['a torn state', () => writeFileSync(at('state.json'), '{"step"'), ['state.json state']],
  ['nothing else, with checksums', () => withFacts(), []],
  ['nothing else where a page left no moments', () => withoutMoments(['model.safetensors']), []],
  ['moments that are listed and gone', () => withoutMoments(), ['optimizer.safetensors tensors']],
  ['a flipped bit, by its checksum', flip, ['model.safetensors tensors']],
  ['a torn curve', () => writeFileSync(join(run, 'model', 'curve.jsonl'), '{"para\n'), ['../curve.jsonl curve']],
])('finds %s', async (_name, harm, faults) => {
  harm();
  const expected = [...faults.map((fault) => join(CHECKPOINT, fault)), TOKENIZER];
  expect((await faultsOf()).sort()).toEqual(expected.sort());
});
