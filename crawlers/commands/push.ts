import { z } from 'zod';
import { defineCommand, INTERRUPTED, NOTHING_NEW } from '../shell/command.ts';
import { formatTable } from '../shell/reporter.ts';

export const S3_ENDPOINT = z.string().optional().describe("address of another server than Amazon's (AWS_ENDPOINT_URL)");

export const pushCommand = defineCommand({
  name: 'push',
  summary: 'copy a folder to an S3 bucket, and go on where it was stopped',
  examples: [
    'vua push vua-out/tokens --to s3://corpus/tokens',
    'vua push model --to s3://models/vua --s3-endpoint http://127.0.0.1:9000',
  ],
  positional: 'from',
  options: z.object({
    from: z.string().describe('folder or file'),
    to: z.string().describe('s3://BUCKET/PREFIX'),
    s3Endpoint: S3_ENDPOINT,
  }),
  async run({ from, to, s3Endpoint }, context) {
    if (s3Endpoint !== undefined) process.env.AWS_ENDPOINT_URL = s3Endpoint;
    const { push } = await import('../shell/s3-files.ts');
    const { outcome, report } = await push(from, to, context);
    const rows = [
      ['files', String(report.files)],
      ['there already', String(report.same)],
      ['bytes', String(report.bytes)],
    ];
    context.report.result(formatTable(rows), { event: 'pushed', ...report });
    return outcome === 'interrupted' ? INTERRUPTED : outcome === 'nothing_new' ? NOTHING_NEW : undefined;
  },
});
