/** Questions to the documents, as `vua ask` answers them: word for word, with sources, or not at all. */
import { z } from 'zod';
import { openSearch } from '../../search/search.ts';
import { endpoint, type View } from '../view.ts';

/** Of the room to the right: trainer/ask/assistant.ts. */
export interface AssistantDoor {
  open(dir: string, search: typeof openSearch): Promise<OpenAssistant>;
}
export interface OpenAssistant {
  ask(question: string): Promise<unknown>;
  close(): void;
}

/** How long an answer waits for the index, in milliseconds; folders whose assistant is kept. */
const PATIENCE = 1500;
const MOST_OPEN = 4;

export function askView(door: () => Promise<AssistantDoor>): View {
  const opened = new Map<string, Promise<OpenAssistant>>();
  const assistantOf = (dir: string): Promise<OpenAssistant> => {
    const known = opened.get(dir);
    if (known !== undefined) return known;
    const [oldest] = opened.keys();
    if (opened.size >= MOST_OPEN) {
      void opened.get(oldest)!.then((assistant) => assistant.close());
      opened.delete(oldest);
    }
    const opening = door().then((assistant) => assistant.open(dir, openSearch));
    opened.set(dir, opening);
    opening.catch(() => opened.delete(dir));
    return opening;
  };
  // One after the other: whoever finds that the folder has changed opens it anew.
  let turn: Promise<unknown> = Promise.resolve();
  return {
    name: 'ask',
    title: { en: 'Ask', vi: 'Hỏi đáp' },
    page: new URL('../pages/ask.ts', import.meta.url),
    endpoints: [
      endpoint({
        path: 'answer',
        about: 'what the documents say to a question: the sentence and its source, or that they do not say it',
        query: z.object({ corpus: z.string().optional(), question: z.string().trim().min(1).max(4000) }),
        async answer({ corpus, question }, root) {
          const opening = assistantOf(root.corpus(corpus).documents);
          const waited = new Promise<undefined>((resolve) => setTimeout(resolve, PATIENCE));
          const assistant = await Promise.race([opening, waited]);
          if (assistant === undefined) return { isMaking: true };
          const answer = turn.then(() => assistant.ask(question));
          turn = answer.catch(() => {});
          return { isMaking: false, answer: await answer };
        },
      }),
    ],
  };
}
