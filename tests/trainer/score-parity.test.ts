/** Likelihoods and accuracies of choices beside lm-evaluation-harness on transformers, where Python has both. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { LETTERS, type VmluItem } from '../../trainer/tasks/vmlu-items.ts';
import { apart, askHarness, askOurs, choicesOf } from '../golden/score-parity.ts';
import { range, temporaryFolder } from '../support.ts';
import { sampleTexts } from '../tokenizer/support.ts';
import { sharedGpu } from './device.ts';
import { randomCheckpoint, writeTokenizer } from './support.ts';

const { VUA_PYTHON: python } = process.env;

/** Three to five choices, of one token to many; the last subject's questions are longer than the context. */
function madeItems(): VmluItem[] {
  const words = sampleTexts().join(' ').split(/\s+/);
  return range(12).map((i) => {
    const some = (at: number, count: number): string => words.slice(31 * i + at, 31 * i + at + count).join(' ');
    const choices = range(3 + (i % 3)).map((c) => `${LETTERS[c]}. ${some(3 * c, 1 + ((c * i) % 7))}`);
    const subject = i < 10 ? '05' : '09';
    const asked = { question: `${some(0, i < 10 ? 9 : 200)}?`, choices, answer: LETTERS[i % 3] };
    return { id: `${subject}-${i}`, subject, ...asked };
  });
}

it('gives the likelihoods and accuracies of lm-evaluation-harness, examples shown', async ({ skip }) => {
  const has = python !== undefined && spawnSync(python, ['-c', 'import lm_eval, transformers']).status === 0;
  if (!has) return skip('set VUA_PYTHON to a Python with lm_eval and transformers');
  const root = temporaryFolder('file');
  const vocabSize = await writeTokenizer(join(root, 'tokenizer'), 500);
  const { dir } = await randomCheckpoint(join(root, 'model'), join(root, 'tokenizer'), vocabSize, { context: 256 });
  const items = madeItems();
  const asked = [...choicesOf(items, [], 0), ...choicesOf(items, items, 2)];
  const [ours, theirs] = [await askOurs(await sharedGpu('embedded'), dir, asked), await askHarness(python, dir, asked)];
  expect(ours.nats.flat().length).toBe(theirs.nats.flat().length);
  expect(apart(ours, theirs).share).toBeLessThan(1e-5);
  expect(theirs.acc).toBe(ours.acc);
  expect(new Set(ours.nats.flat().map((nats) => nats.toFixed(3))).size).toBeGreaterThan(100);
}, 300_000);
