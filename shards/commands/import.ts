import { z } from 'zod';
import { type Command, commandLine, defineCommand, INTERRUPTED } from '../../crawlers/shell/command.ts';
import { formatCount, formatTable } from '../../crawlers/shell/reporter.ts';
import { FOREIGN_TOKENS } from '../export/formats.ts';
import type { TokenNames } from '../export/tokens/import.ts';

/** `openTokenizer`: of the room of tokenizers; the one in a folder. */
export const importTokensCommand = (openTokenizer: (dir: string) => Promise<TokenNames>): Command =>
  defineCommand({
    name: 'tokens import',
    summary:
      'take tokens that another engine wrote (Megatron, datatrove), as they are, with the tokenizer that made them',
    examples: ['vua tokens import corpus_text_document --format megatron --tokenizer tokenizer --out tokens'],
    positional: 'from',
    options: z.object({
      from: z.string().describe('folder with pairs of files, or the common part of the names of one pair'),
      format: z.enum(FOREIGN_TOKENS).describe(`who wrote them: ${FOREIGN_TOKENS.join(', ')}`),
      tokenizer: z.string().describe('folder with the tokenizer.json that they were made with'),
      out: z.string().describe('folder of token shards to write'),
      validShare: z
        .number()
        .min(0)
        .max(1)
        .default(0.05)
        .describe('share of documents held out, where no file is by its name (valid-…, validation/…)'),
      source: z.string().optional().describe('name of the source in figures (default: that of the format)'),
    }),
    async run({ tokenizer: tokenizerDir, ...options }, work) {
      const { importTokens } = await import('../export/tokens/import.ts');
      const tokenizer = await openTokenizer(tokenizerDir);
      const { outcome, report } = await importTokens({ ...options, tokenizerDir, tokenizer }, work);
      if (outcome === 'interrupted') return INTERRUPTED;
      const sum = (split: string, key: 'documents' | 'rows'): number =>
        report.shards.reduce((total, shard) => total + (shard.split === split ? shard[key] : 0), 0);
      const rows = ['train', 'valid'].map((split) => [
        split,
        `${formatCount(sum(split, 'documents'))} documents, ${formatCount(sum(split, 'rows'))} tokens`,
      ]);
      const next = commandLine(`train --tokens ${options.out} --depth 2 --steps 200 --out DIR`);
      work.report.result(`${formatTable(rows)}\n\nnext: ${next}`, {
        event: 'tokens',
        ...{ outcome, documents: sum('train', 'documents') + sum('valid', 'documents') },
        tokens: sum('train', 'rows') + sum('valid', 'rows'),
      });
      return 0;
    },
  });
