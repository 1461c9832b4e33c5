/** `vua inspect`: the pages of the toolkit, served to a browser on this machine. So far the one that trains. */
import { z } from 'zod';
import { defineCommand } from '../../crawlers/shell/command.ts';
import type { Site } from '../inspector/server.ts';

/** `trainingPage`: the page of the trainer, a room to the right; `commands.ts` knows both. */
export const inspectCommand = (trainingPage: () => Promise<Site>) =>
  defineCommand({
    name: 'inspect',
    summary: 'a page that trains on token shards in your browser: curve and samples live',
    examples: ['vua inspect vua-out', 'vua inspect /data/corpora --port 9000'],
    positional: 'dir',
    options: z.object({
      dir: z.string().describe('folder with token folders in it (vua tokens, vua run), or one of them'),
      port: z.int().min(0).max(65_535).default(8470).describe('0: any free one'),
      host: z
        .string()
        .default('127.0.0.1')
        .describe('address to listen on; beyond this machine everyone who reaches it can read the tokens'),
    }),
    async run({ dir, port, host }, { signal, report }) {
      const { findTokenFolders } = await import('../inspector/folders.ts');
      const { startServer } = await import('../inspector/server.ts');
      const server = await startServer({ dir, port, host, pages: { train: await trainingPage() } });
      const folders = findTokenFolders(dir).map(({ path }) => path || '.');
      const url = `${server.address}/train/`;
      report.result(`${url}`, { event: 'serving', url, dir, folders });
      report.note(
        folders.length > 0
          ? `token folders: ${folders.join(', ')}; Ctrl-C ends`
          : `no token folder in ${dir} yet: make one with \`vua tokens\` or \`vua run\`; Ctrl-C ends`,
      );
      if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
      await server.close();
      return 0;
    },
  });
