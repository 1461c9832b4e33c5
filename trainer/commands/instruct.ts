import { z } from 'zod';
import { defineCommand, INTERRUPTED, NOTHING_NEW } from '../../crawlers/shell/command.ts';
import { formatCount, formatTable } from '../../crawlers/shell/reporter.ts';
import { adapterOption } from '../gpu/choice.ts';
import { MAX_SEED } from '../run/recipe-options.ts';

export const instructCommand = defineCommand({
  name: 'instruct',
  summary: 'teach a model to answer: conversations, loss on what the assistant says',
  examples: [
    'vua conversations --documents vua-out/documents --out conversations.jsonl',
    'vua instruct --conversations conversations.jsonl --init-from vua-out/model --out assistant',
  ],
  options: z.object({
    conversations: z
      .array(z.string())
      .min(1)
      .describe(
        'JSON lines: {"messages": [{"role", "content"}, …], "origin": "native"|"translated"|"synthetic", "licence"}',
      ),
    initFrom: z
      .string()
      .describe('begin with these weights: a checkpoint, a folder of them, or a Qwen3 or Llama folder of transformers'),
    epochs: z.number().gt(0).max(100).default(2).describe('times that every conversation is seen, at most'),
    batch: z.int().min(0).default(0).describe('rows of --context tokens in a step, 0: 8'),
    context: z.int().min(0).default(0).describe('tokens of a row, 0: what the weights see'),
    learningRate: z.number().min(0).default(0).describe('peak, 0: a tenth of that of a model that begins from nothing'),
    validShare: z.number().gt(0).lt(1).default(0.05).describe('share of the conversations that is held out'),
    evaluations: z.int().min(1).default(4).describe('times an epoch that held-out conversations are read'),
    patience: z.int().min(0).default(3).describe('evaluations without a better one after which it ends, 0: never'),
    seed: z.int().min(0).max(MAX_SEED).default(1).describe('order of the conversations'),
    out: z.string().describe('folder for checkpoints'),
    resume: z.boolean().default(false).describe('continue the newest checkpoint in --out'),
    adapter: adapterOption,
  }),
  async run(options, work) {
    const { instruct } = await import('../run/instruct.ts');
    const { outcome, report } = await instruct(options, work);
    const { before, best } = report;
    const origins = Object.entries(report.origins).map(([origin, count]) => `${formatCount(count)} ${origin}`);
    const figure = ({ bitsPerByte, natsPerToken, step }: typeof best): string =>
      `${bitsPerByte.toFixed(4)} bits per byte, ${natsPerToken.toFixed(4)} nats per token, at step ${step}`;
    const rows = [
      ['conversations', `${formatCount(report.conversations)}: ${origins.join(', ')}`],
      ['held out', formatCount(report.heldOut)],
      ...(report.left > 0 ? [['longer than a row', `${formatCount(report.left)}, left out`]] : []),
      [
        'steps',
        `${formatCount(report.step)} of ${formatCount(report.steps)}${report.stoppedEarly ? ', ended early: nothing got better' : ''}`,
      ],
      ['held-out answers, before', figure(before)],
      ['held-out answers, best', figure(best)],
      ['adapter', report.adapter],
      ['checkpoint', `${report.checkpoint} (--best takes that of step ${best.step})`],
    ];
    work.report.result(formatTable(rows), { event: 'instructed', ...report, interrupted: outcome === 'interrupted' });
    if (outcome === 'interrupted') {
      work.report.note(`stopped at step ${report.step}; continue with the same command and --resume`);
      return INTERRUPTED;
    }
    if (outcome === 'nothing_new') return NOTHING_NEW;
  },
});
