import { z } from 'zod';
import { defineCommand, INTERRUPTED, NOTHING_NEW } from '../shell/command.ts';
import { formatTable } from '../shell/reporter.ts';
import { S3_ENDPOINT } from './push.ts';

export const pullCommand = defineCommand({
  name: 'pull',
  summary: 'copy what lies in an S3 bucket into a folder, and go on where it was stopped',
  examples: ['vua pull s3://corpus/tokens --out tokens'],
  positional: 'from',
  options: z.object({
    from: z.string().describe('s3://BUCKET/PREFIX'),
    out: z.string().describe('folder'),
    s3Endpoint: S3_ENDPOINT,
  }),
  async run({ from, out, s3Endpoint }, context) {
    if (s3Endpoint !== undefined) process.env.AWS_ENDPOINT_URL = s3Endpoint;
    const { pull } = await import('../shell/s3-files.ts');
    const { outcome, report } = await pull(from, out, context);
    const rows = [
      ['files', String(report.files)],
      ['there already', String(report.same)],
      ['bytes', String(report.bytes)],
    ];
    context.report.result(formatTable(rows), { event: 'pulled', ...report });
    return outcome === 'interrupted' ? INTERRUPTED : outcome === 'nothing_new' ? NOTHING_NEW : undefined;
  },
});
