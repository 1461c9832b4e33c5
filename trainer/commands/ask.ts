import { z } from 'zod';
import { defineCommand } from '../../crawlers/shell/command.ts';
import { badInput, visible } from '../../crawlers/shell/errors.ts';
import type { OpenCorpus } from '../ask/corpus.ts';
import type { Guard } from '../ask/server.ts';
import { adapterOption } from '../gpu/choice.ts';

/** What the rooms before this one bring: the index of documents, and who is answered over HTTP. */
export interface AskParts {
  readonly openSearch: OpenCorpus;
  readonly refusal: Guard;
  readonly isLoopback: (host: string) => boolean;
}

export const askCommand = (parts: () => Promise<AskParts>) =>
  defineCommand({
    name: 'ask',
    summary: 'answer a question from documents, word for word and with its source, or say that it is not known',
    examples: [
      'vua ask "Gạo nếp ngâm mấy tiếng?"',
      'vua ask "Điều 2 Nghị định 01/2010/NĐ-CP quy định gì?" --documents luat/documents --json',
      'vua ask --serve --checkpoint vua-out/model',
      'vua ask --config vua.serve.jsonc',
    ],
    positional: 'question',
    options: z.object({
      question: z.string().optional().describe('what to answer'),
      documents: z.string().default('vua-out/documents').describe('folder of documents, or of vua run'),
      serve: z
        .boolean()
        .default(false)
        .describe('answer over HTTP as OpenAI does: /v1/chat/completions, /v1/completions'),
      host: z.string().default('127.0.0.1').describe('with --serve: address to listen at'),
      port: z.int().min(0).max(65_535).default(8471).describe('with --serve: port, 0: any free one'),
      token: z.string().min(8).optional().describe('with --serve: asked of every client; needed beyond this machine'),
      checkpoint: z
        .string()
        .optional()
        .describe('with --serve: model of /v1/completions: a run, a checkpoint, a folder of transformers, a GGUF file'),
      adapter: adapterOption,
      config: z.string().optional().describe('file with any of these options as keys: `vua init serve` writes one'),
    }),
    async run({ question, documents, serve, host, port, token, checkpoint, adapter }, { report, signal }) {
      if (serve === (question !== undefined))
        throw badInput('BAD_OPTION', 'ask: expected a question, or --serve', 'vua ask "…"; vua ask --serve');
      const { openSearch, refusal, isLoopback } = await parts();
      const { Assistant } = await import('../ask/assistant.ts');
      if (serve && !isLoopback(host) && token === undefined)
        throw badInput('BAD_OPTION', `ask: --host ${host} is reached from elsewhere, expected --token as well`);
      const assistant = await Assistant.open(documents, openSearch);
      const { serveAsk, toldWithSources } = await import('../ask/server.ts');
      if (question !== undefined) {
        const answer = await assistant.ask(question);
        assistant.close();
        const told = process.stdout.isTTY ? visible(toldWithSources(answer)) : toldWithSources(answer);
        if (report.json || !process.stdout.isTTY) report.result(`${told}\n`, { event: 'answer', ...answer });
        else await stream(`${told}\n`, signal);
        return undefined;
      }
      const { openCompleter } = await import('../ask/complete.ts');
      const completer = checkpoint === undefined ? undefined : await openCompleter(checkpoint, adapter);
      const server = await serveAsk({ host, port, token, guard: refusal, assistant, completer });
      report.result(`${server.address}\n`, { event: 'serving', address: server.address });
      await new Promise<void>((resolve) => {
        if (signal.aborted) resolve();
        signal.addEventListener('abort', () => resolve(), { once: true });
      });
      await server.close();
      completer?.release();
      assistant.close();
      return undefined;
    },
  });

/** Word by word, as it would be written. */
async function stream(text: string, signal: AbortSignal): Promise<void> {
  for (const word of text.match(/\s*\S+|\s+$/g) ?? []) {
    process.stdout.write(word);
    if (!signal.aborted) await new Promise((resolve) => setTimeout(resolve, 8));
  }
}
