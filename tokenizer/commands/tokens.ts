import { z } from 'zod';
import { commandLine, defineCommand, statusOf } from '../../crawlers/shell/command.ts';
import { type Outcome, type Rank, rankOf, type Work } from '../../crawlers/shell/work.ts';
import type { UnitsWritten } from '../../shards/tokens/write.ts';
import { validShare } from './train.ts';

/** An option that `vua run` takes too. */
export const contaminated = z
  .enum(['keep', 'drop'])
  .default('keep')
  .describe('documents that `vua clean --flag` flagged: keep them, or leave them out');

/** Of training text alone; a night has them too. */
export const DROPOUT = {
  dropout: z
    .number()
    .min(0)
    .lt(1)
    .default(0)
    .describe(
      'BPE dropout: chance with which each merge is left out of training text (0.1, say); held-out text has none',
    ),
  dropoutSeed: z.int().min(0).default(1).describe('with --dropout: another seed leaves out others'),
};

export const tokensCommand = defineCommand({
  name: 'tokens',
  summary: 'encode document shards into token shards, split into train and valid',
  examples: [
    'vua tokens --documents out/documents --tokenizer out/tokenizer --out out/tokens',
    'VUA_RANK=0 VUA_WORLD_SIZE=8 vua tokens --documents out/documents --tokenizer out/tokenizer --out out/tokens',
  ],
  options: z.object({
    documents: z.string().describe('folder of document shards (vua clean)'),
    tokenizer: z
      .string()
      .describe(
        'folder with tokenizer.json: of vua tokenizer train, or a byte-level BPE of others (GPT-2, Llama 3, Qwen)',
      ),
    out: z.string().describe('folder of token shards to write'),
    validShare,
    contaminated,
    ...DROPOUT,
  }),
  async run(options, work) {
    const { tellTokens, writeTokenShards, writeTokenShardsOfRank } = await import('../write-tokens.ts');
    const rank = rankOf();
    if (rank.of > 1) {
      const part = await writeTokenShardsOfRank(options, rank, work);
      if (part.outcome !== 'interrupted') tellRank(options.out, rank, part, work);
      return statusOf(part);
    }
    const done = await writeTokenShards(options, work);
    if (done.outcome !== 'interrupted') tellTokens(options.out, done, work);
    return statusOf(done);
  },
});

function tellRank(
  out: string,
  { index, of }: Rank,
  { outcome, report: units }: Extract<Outcome<UnitsWritten, undefined>, { readonly report: UnitsWritten }>,
  work: Work,
): void {
  const told = { event: 'units', rank: index, ranks: of, ...units };
  const text =
    outcome === 'written'
      ? `rank ${index} of ${of} is done: ${units.whole} of ${units.of} document shards have tokens\n\nnext, when all have: ${commandLine(`merge ${out}`)}`
      : `nothing new: ${out} holds these tokens`;
  work.report.result(text, told);
}
