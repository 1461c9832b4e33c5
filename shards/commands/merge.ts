import { z } from 'zod';
import { defineCommand, statusOf } from '../../crawlers/shell/command.ts';
import type { Outcome, Work } from '../../crawlers/shell/work.ts';
import type { TokenManifest } from '../manifest-shape.ts';
import type { MergedDocuments } from '../ranks/merge.ts';
import { formatCleaned } from './clean.ts';
import { tellExport } from './tokens.ts';

type TellTokens = (out: string, done: Extract<Merged, { readonly report: TokenManifest }>, work: Work) => void;
type Merged = Outcome<TokenManifest, undefined>;

/** `tellsTokens`: what the room that encodes says of a folder of tokens. */
export const mergeCommand = (tellsTokens: () => Promise<TellTokens>) =>
  defineCommand({
    name: 'merge',
    summary: 'put together what ranks wrote, when all of it is there',
    examples: [
      'VUA_RANK=0 VUA_WORLD_SIZE=8 vua clean --input warc --out documents',
      'vua merge documents',
      'VUA_RANK=0 VUA_WORLD_SIZE=8 vua tokens --documents documents --tokenizer tokenizer --out tokens',
      'vua merge tokens',
      'VUA_RANK=0 VUA_WORLD_SIZE=8 vua export tokens tokens --to megatron --out out',
      'vua merge out',
    ],
    positional: 'out',
    options: z.object({ out: z.string().describe('folder that the ranks were told to make') }),
    async run({ out }, work) {
      const { isOfRanks, mergeDocuments } = await import('../ranks/merge.ts');
      if (isOfRanks(out)) {
        const { report } = await mergeDocuments(out);
        const { writeCard } = await import('../documents/card.ts');
        writeCard(out, report.manifest);
        work.report.result(formatMerged(out, report), { event: 'merged', ...report.report, left: report.left });
        return 0;
      }
      const { mergeTokens } = await import('../tokens/merge.ts');
      const tokens = await mergeTokens(out, work);
      if (tokens !== undefined) {
        if (tokens.outcome !== 'interrupted') (await tellsTokens())(out, tokens, work);
        return statusOf(tokens);
      }
      const { mergeExport } = await import('../export/tokens/export.ts');
      const done = await mergeExport(out);
      if (done.outcome !== 'interrupted') tellExport(out, done, work);
      return statusOf(done);
    },
  });

const formatMerged = (out: string, { report, left, manifest }: MergedDocuments): string =>
  formatCleaned(out, {
    outcome: 'written',
    report: { ...report, left, marked: manifest.marked ?? {}, passedOver: new Map() },
  });
