/** The nights of a run: what each did, what gates found, what is between any two that are kept. */
import { z } from 'zod';
import { badInput } from '../../../crawlers/shell/errors.ts';
import { diffOf } from '../../diff.ts';
import { readHistory } from '../../nights/history.ts';
import { namesIn, readSnapshots } from '../../snapshots/read.ts';
import { endpoint } from '../view.ts';
import { factsOf } from './overview.ts';

export const nights = endpoint({
  path: 'nights',
  about: 'lines of history.jsonl, oldest first, and the snapshots that are kept with their counts',
  query: z.object({ corpus: z.string().optional() }),
  async answer({ corpus }, root) {
    const { run } = root.corpus(corpus);
    if (run === undefined) return { history: [], snapshots: [] };
    const snapshots = namesIn(run).length === 0 ? [] : readSnapshots(run);
    return {
      history: readHistory(run),
      snapshots: snapshots.map(({ name, record: { documents, published, parent, before, counts, model }, pinned }) => ({
        ...{
          name,
          id: documents,
          published,
          parent,
          before,
          counts,
          model: model?.name ?? null,
          pinned: pinned ?? null,
        },
      })),
    };
  },
});

export const diff = endpoint({
  path: 'diff',
  about:
    'between two snapshots or folders: added, removed, changed, drift of every measurement, new and vanished hosts',
  query: z.object({ from: z.string(), to: z.string() }),
  async answer({ from, to }, root, signal) {
    const [a, b] = [root.corpus(from), root.corpus(to)];
    if (a.id === b.id) throw badInput('BAD_OPTION', `${from} and ${to} hold the same documents`);
    const difference = await diffOf(a.documents, b.documents, signal);
    return { from: factsOf(a), to: factsOf(b), ...difference };
  },
});
