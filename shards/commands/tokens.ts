import { z } from 'zod';
import { type Command, commandLine, defineCommand, INTERRUPTED, statusOf } from '../../crawlers/shell/command.ts';
import { formatBytes, formatCount, formatTable } from '../../crawlers/shell/reporter.ts';
import { type Outcome, rankOf, type Work } from '../../crawlers/shell/work.ts';
import { TOKEN_FORMATS } from '../export/formats.ts';
import type { TokenExport } from '../export/tokens/plan.ts';

/** Tokens that mean something of their own, by name. */
export interface SpecialTokens {
  readonly eosId: number;
  specialId(name: string): number;
}

type ParseTokenizer = (json: Uint8Array, name: string, config: Uint8Array) => SpecialTokens;

/** `tokenizers`: how their room reads the two files of one. */
export const exportTokensCommand = (tokenizers: () => Promise<ParseTokenizer>): Command =>
  defineCommand({
    name: 'export tokens',
    summary: 'write tokens, as they are, for other trainers: Megatron, datatrove, OLMo, MDS, LitData, llm.c, …',
    examples: [
      'vua export tokens vua-out/tokens --to megatron --out megatron',
      'vua export tokens vua-out/tokens --to mds --context 4096 --out mds',
    ],
    positional: 'dir',
    options: z.object({
      dir: z.string().describe('folder of token shards'),
      out: z.string().describe('folder to make'),
      to: z.enum(TOKEN_FORMATS).describe(`who will read them: ${TOKEN_FORMATS.join(', ')}`),
      end: z
        .string()
        .default('eos')
        .describe('what stands behind each document: eos, none, or the name of a special token'),
      bos: z
        .enum(['keep', 'drop'])
        .optional()
        .describe('BOS in front of each document (default: keep, unless it is the end as well)'),
      context: z
        .int()
        .min(0)
        .optional()
        .describe('tokens of a row, of mds (default: 2048), parquet and datasets; 0: a document is a row'),
      partTokens: z.int().min(1).optional().describe('a part ends with the shard that reaches this many tokens'),
    }),
    async run(options, work) {
      const { exportParts, exportTokens, tokenizerOf } = await import('../export/tokens/export.ts');
      const { openTokens } = await import('../tokens/source.ts');
      const endId = await endOf(options.end, async () => {
        const files = await tokenizerOf(await openTokens(options.dir));
        return (await tokenizers())(files['tokenizer.json'], options.dir, files['tokenizer_config.json']);
      });
      const rank = rankOf();
      if (rank.of > 1) {
        const part = await exportParts({ ...options, endId }, rank, work);
        if (part.outcome === 'interrupted') return INTERRUPTED;
        const { whole, of } = part.report;
        const text = `rank ${rank.index} of ${rank.of} is done: ${whole} of ${of} parts stand`;
        work.report.result(`${text}\n\nnext, when all do: ${commandLine(`merge ${options.out}`)}`, {
          ...{ event: 'parts', rank: rank.index, ranks: rank.of, whole, of },
        });
        return statusOf(part);
      }
      const done = await exportTokens({ ...options, endId }, work);
      if (done.outcome === 'interrupted') return INTERRUPTED;
      tellExport(options.out, done, work);
      return statusOf(done);
    },
  });

type Ended = Extract<Outcome<TokenExport, undefined>, { readonly report: TokenExport }>;

/** What stands at OUT, and what the trainer there is told of it. */
export function tellExport(out: string, { outcome, report }: Ended, work: Work): void {
  const parts = Object.values(report.splits).flat();
  const sum = (all: typeof parts, key: 'documents' | 'tokens'): string =>
    formatCount(all.reduce((total, part) => total + part[key], 0));
  const bytes = parts.flatMap(({ files }) => files).reduce((total, file) => total + file.bytes, 0);
  const rows = Object.entries(report.splits).map(([split, all]) => [
    split,
    `${sum([...all], 'documents')} documents, ${sum([...all], 'tokens')} tokens`,
  ]);
  const ids = [report.bosId, report.endId].map((id) => (id === null ? 'nothing' : `token ${id}`));
  const table = formatTable([
    ...rows,
    ['a document', `${ids[0]} in front, ${ids[1]} behind`],
    ['written', `${formatBytes(bytes)}, read back and compared`],
  ]);
  const text = `${table}\n\nnext: ${report.to} at ${out}: trainer/ENGINES.md has the lines that start a training there`;
  work.report.result(outcome === 'written' ? text : `nothing new: ${out} holds these tokens`, {
    ...{ event: 'exported', outcome, ...report },
  });
}

/** @throws ToolkitError BAD_TOKEN where the tokenizer has no token of that name */
async function endOf(end: string, open: () => Promise<SpecialTokens>): Promise<number | undefined> {
  if (end === 'none') return undefined;
  const tokenizer = await open();
  return end === 'eos' ? tokenizer.eosId : tokenizer.specialId(end);
}
