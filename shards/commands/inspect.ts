/** `vua inspect`: the views of the toolkit, served to a browser on this machine. */
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { defineCommand } from '../../crawlers/shell/command.ts';
import type { Site } from '../inspector/server.ts';
import type { View } from '../inspector/view.ts';

/** What rooms to the right bring; `commands.ts` knows them all. */
export interface Brought {
  /** Beside those of documents. */
  readonly views: readonly View[];
  /** Pages for themselves, by name. */
  readonly pages: () => Promise<Readonly<Record<string, Site>>>;
}

export const inspectCommand = (bring: () => Promise<Brought>) =>
  defineCommand({
    name: 'inspect',
    summary: 'a corpus in your browser: documents, rejects and why, nights, thresholds; and a page that trains',
    examples: ['vua inspect', 'vua inspect vua-out', 'vua inspect /data/corpora --port 9000'],
    positional: 'dir',
    options: z.object({
      dir: z.string().default('vua-out').describe('folder of a run, of documents, or one with several in it'),
      port: z.int().min(0).max(65_535).default(8470).describe('0: any free one'),
      host: z
        .string()
        .default('127.0.0.1')
        .describe('address to listen on; beyond this machine a token is asked for, which the printed address has'),
      token: z
        .string()
        .regex(/^[\w-]{16,}$/, 'expected 16 or more letters, digits, - and _')
        .optional()
        .describe('token to ask for (default: a new one where --host is not this machine alone)'),
    }),
    async run({ dir, port, host, token: given }, { signal, report }) {
      const { findTokenFolders } = await import('../inspector/folders.ts');
      const { isLoopback } = await import('../inspector/guard.ts');
      const { startServer } = await import('../inspector/server.ts');
      const { documentViews } = await import('../inspector/views.ts');
      const { inspectorSite } = await import('../inspector/bundle.ts');
      const brought = await bring();
      const views = [...documentViews, ...brought.views];
      const token = given ?? (isLoopback(host) ? undefined : randomBytes(18).toString('base64url'));
      const site = await inspectorSite(views);
      const server = await startServer({ dir, port, host, token, views, site, pages: await brought.pages() });
      const folders = findTokenFolders(dir).map(({ path }) => path || '.');
      const url = `${server.address}/${token === undefined ? '' : `?token=${token}`}`;
      report.result(`${url}`, { event: 'serving', url, dir, folders });
      report.note(
        `${dir}: open the address in a browser; labels go to ${dir}.labels.jsonl, indexes to search/ in it; Ctrl-C ends`,
      );
      if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
      await server.close();
      return 0;
    },
  });
