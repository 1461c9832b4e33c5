import { z } from 'zod';
import { defineCommand, INTERRUPTED } from '../../crawlers/shell/command.ts';
import { AtomicFile } from '../../crawlers/shell/folder.ts';
import { formatCount, formatTable } from '../../crawlers/shell/reporter.ts';
import { MAX_SEED } from '../run/recipe-options.ts';

export const conversationsCommand = defineCommand({
  name: 'conversations',
  summary:
    'make conversations from documents by rule: questions that a passage answers or does not, refusals, cards; all marked synthetic',
  examples: ['vua conversations --documents vua-out/documents --out conversations.jsonl'],
  options: z.object({
    documents: z.string().describe('folder of document shards'),
    out: z.string().describe('file of JSON lines, for vua instruct'),
    most: z.int().min(1).default(20_000).describe('conversations, at most'),
    validShare: z
      .number()
      .min(0)
      .lt(1)
      .default(0.1)
      .describe('share of the documents that is held out of training: nothing is made of them'),
    seed: z.int().min(0).max(MAX_SEED).default(1).describe('seed of the draws'),
  }),
  async run({ documents, out, most, validShare, seed }, { report, signal }) {
    const { readTexts } = await import('../../shards/documents/read.ts');
    const { synthesize } = await import('../chat/synthetic.ts');
    const decoder = new TextDecoder();
    async function* texts() {
      for await (const { text, licence } of readTexts(documents, validShare, signal))
        yield { text: decoder.decode(text), licence };
    }
    const counts = new Map<string, number>();
    const progress = report.stage('conversations', 'conversations', most);
    const file = new AtomicFile(out);
    let count = 0;
    for await (const conversation of synthesize(texts(), { seed, most })) {
      file.write(`${JSON.stringify(conversation)}\n`);
      counts.set(conversation.kind, (counts.get(conversation.kind) ?? 0) + 1);
      progress.update(++count);
    }
    progress.finish();
    if (signal.aborted) {
      file.discard();
      return INTERRUPTED;
    }
    file.commit();
    const rows = [...counts].map(([kind, number]) => [kind, formatCount(number)]);
    report.result(formatTable([...rows, ['written', out]]), {
      event: 'conversations',
      path: out,
      counts: Object.fromEntries(counts),
    });
  },
});
