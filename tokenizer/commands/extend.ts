import { z } from 'zod';
import { commandLine, defineCommand, statusOf } from '../../crawlers/shell/command.ts';
import { formatCount, formatTable } from '../../crawlers/shell/reporter.ts';
import { validShare } from './train.ts';

export const tokenizerExtendCommand = defineCommand({
  name: 'tokenizer extend',
  summary: 'add Vietnamese tokens to a tokenizer of others; its ids stay',
  examples: ['vua tokenizer extend --base Qwen3-0.6B --documents vua-out/documents --add 8000 --out tokenizer'],
  options: z.object({
    base: z.string().describe('folder with tokenizer.json and tokenizer_config.json: a byte-level BPE'),
    documents: z.array(z.string()).min(1).describe('folders of document shards, or files that `vua clean` reads'),
    add: z.int().min(1).max(100_000).default(8000).describe('tokens to add, at most'),
    out: z.string().describe('folder to write'),
    validShare,
  }),
  async run(options, work) {
    const { extendTokenizer } = await import('../train/extend.ts');
    const done = await extendTokenizer(options, work);
    if (done.outcome !== 'interrupted') {
      const { added, vocabSize, tokensPerSyllable } = done.report!;
      const { before, after } = tokensPerSyllable;
      const rows = [
        ['tokens added', formatCount(added)],
        ['vocabulary', formatCount(vocabSize)],
        ['tokens per syllable', `${after.toFixed(3)}, before ${before.toFixed(3)}`],
      ];
      const next = commandLine(`tokens --documents DIR --tokenizer ${options.out} --out DIR`);
      work.report.result(`${formatTable(rows)}\n\nnext: ${next}`, { event: 'extended', ...done.report });
    }
    return statusOf(done);
  },
});
