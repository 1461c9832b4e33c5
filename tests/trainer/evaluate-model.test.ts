/** A model on held-out text that is in tokens of another tokenizer: what the gate of a night compares. */
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { splitOf } from '../../shards/split.ts';
import { openTokens, type TokenFolder } from '../../shards/tokens/source.ts';
import { writeTokenShards } from '../../tokenizer/write-tokens.ts';
import { openCheckpoint } from '../../trainer/record/checkpoint.ts';
import { evaluateModel } from '../../trainer/run/evaluate-model.ts';
import { drawHeldOut } from '../../trainer/score/draw.ts';
import { heldOutOf, textOf } from '../../trainer/score/held-out.ts';
import { document, writeFolder } from '../shards/support.ts';
import { context, range, temporaryFolder } from '../support.ts';
import { sampleTexts } from '../tokenizer/support.ts';
import { lendGpu } from './device.ts';
import { randomCheckpoint, writeTokenizer } from './support.ts';

/** Three evaluations compile for one device. */
let takeBack: () => void;
beforeAll(async () => {
  takeBack = await lendGpu();
});
afterAll(() => takeBack());

it('gives its bits per byte on the same text, of which both tokenizers have one name', async () => {
  const [root, documentsDir] = [0, 1].map(() => temporaryFolder('file'));
  const texts = sampleTexts().slice(0, 20);
  const clusters = range(100).map((n) => `d${n}`);
  const [held, trained] = (['valid', 'train'] as const).map((split) =>
    clusters.filter((cluster) => splitOf(cluster, 0.3) === split),
  );
  const documents = [
    ...texts.slice(0, 3).map((text, i) => document(i, { text: text.slice(0, 700), cluster: held[i] })),
    ...texts.slice(3).map((text, i) => document(10 + i, { text, cluster: trained[i] })),
  ];
  writeFolder(documentsDir, documents);
  const folderOf = async (vocabSize: number): Promise<TokenFolder> => {
    const [tokenizer, out] = [join(root, `tokenizer-${vocabSize}`), join(root, `tokens-${vocabSize}`)];
    await writeTokenizer(tokenizer, vocabSize);
    await writeTokenShards({ documents: documentsDir, tokenizer, out, validShare: 0.3 }, context());
    return openTokens(out);
  };
  const [own, other] = [await folderOf(600), await folderOf(400)];
  const { dir } = await randomCheckpoint(join(root, 'model'), own.where, own.manifest.vocabSize);
  const evaluated = async (folder: TokenFolder, maxTokens: number) => {
    const heldOut = await drawHeldOut(await heldOutOf([folder]), maxTokens);
    const text = { heldOut, from: folder.where };
    const bitsPerByte = await evaluateModel(openCheckpoint(dir, { need: 'parameters' }), text, 'embedded', context());
    return { bitsPerByte, text: textOf(heldOut) };
  };
  const [whole, recoded] = [await evaluated(own, 1e9), await evaluated(other, 1e9)];
  expect(recoded.bitsPerByte).toBe(whole.bitsPerByte);
  expect(recoded.text).toMatchObject({ id: whole.text.id, textBytes: whole.text.textBytes });
  expect(recoded.text.tokens).toBeGreaterThan(whole.text.tokens);

  // Windows begin where tokens do, so they are of one tokenizer; the figure is near that of all of it.
  const part = await evaluated(other, 700);
  expect(part.text.id).not.toBe(whole.text.id);
  expect(Math.abs(part.bitsPerByte! / whole.bitsPerByte! - 1)).toBeLessThan(0.2);
});
