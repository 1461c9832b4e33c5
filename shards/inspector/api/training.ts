/** Runs of the trainer below a folder: their curves while they grow, what they wrote, and their scores. */
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { badInput } from '../../../crawlers/shell/errors.ts';
import { foldersWith } from '../below.ts';
import { endpoint, type Root, type View } from '../view.ts';

/** A step of a curve, as far as it is known here. */
interface Point {
  readonly step: number;
  readonly loss: number;
  readonly heldOutBitsPerByte?: number;
  readonly heldOutBySource?: Readonly<Record<string, number>>;
  readonly skipped?: number | boolean;
  readonly rewoundFrom?: number;
}
interface Head {
  readonly unigramBitsPerByte: number;
  readonly untrainedBitsPerByte: number;
  readonly parameters: number;
  readonly tokensPerStep: number;
  readonly trainBytesPerToken: number;
}
/** Reads `curve.jsonl` of a folder (trainer/record/curve.ts). */
export type ReadCurve = (dir: string) => { readonly head: Head; readonly points: readonly Point[] };

/** Points that an answer brings of a run; those with a held-out figure are all among them. */
const MOST_POINTS = 1500;
const MOST_SAMPLES = 40;
/** A curve that was written to within this is growing, in milliseconds. */
const LIVE_MS = 90_000;

export function trainingView(readCurve: () => Promise<ReadCurve>): View {
  const corpus = z.string().optional();
  return {
    name: 'training',
    title: { en: 'Training', vi: 'Huấn luyện' },
    page: new URL('../pages/training.ts', import.meta.url),
    endpoints: [
      endpoint({
        path: 'runs',
        about: 'folders with a curve of training, the one that was written to last first',
        query: z.object({ corpus }),
        answer: async (_, root) => ({ runs: runsOf(root.dir, await readCurve()) }),
      }),
      endpoint({
        path: 'curve',
        about: 'the curve of a run: its head, points behind a step, what it wrote then, and its scores',
        query: z.object({ corpus, run: z.string(), after: z.int().min(0).default(0) }),
        answer: async ({ run, after }, root) => curveOf(root, run, after, await readCurve()),
      }),
    ],
  };
}

function runsOf(root: string, readCurve: ReadCurve) {
  return foldersWith(root, 'curve.jsonl')
    .flatMap((path) => {
      const dir = join(root, path);
      const modified = statSync(join(dir, 'curve.jsonl')).mtimeMs;
      try {
        const { head, points } = readCurve(dir);
        const facts = {
          parameters: head.parameters,
          tokensPerStep: head.tokensPerStep,
          steps: points.at(-1)?.step ?? 0,
        };
        const heldOut = points.findLast(({ heldOutBitsPerByte }) => heldOutBitsPerByte !== undefined);
        return [
          {
            run: path || '.',
            modified,
            isLive: Date.now() - modified < LIVE_MS,
            ...facts,
            heldOut: heldOut?.heldOutBitsPerByte ?? null,
          },
        ];
      } catch {
        return []; // begun, or damaged: `vua verify` says what it has
      }
    })
    .sort((a, b) => b.modified - a.modified);
}

function curveOf(root: Root, run: string, after: number, readCurve: ReadCurve) {
  const known = foldersWith(root.dir, 'curve.jsonl').find((path) => path === (run === '.' ? '' : run));
  if (known === undefined) throw badInput('NO_DOCUMENTS', `${root.dir}: no curve of training in ${run}`);
  const dir = join(root.dir, known);
  const { head, points } = readCurve(dir);
  const wanted = points.filter(({ step }) => step > after);
  const stride = Math.ceil(wanted.length / MOST_POINTS);
  const isMarked = ({ heldOutBitsPerByte, rewoundFrom }: Point): boolean =>
    heldOutBitsPerByte !== undefined || rewoundFrom !== undefined;
  return {
    run,
    head,
    isLive: Date.now() - statSync(join(dir, 'curve.jsonl')).mtimeMs < LIVE_MS,
    points: wanted.filter((point, i) => i % stride === 0 || i === wanted.length - 1 || isMarked(point)),
    skipped: points.filter(({ skipped }) => Number(skipped ?? 0) > 0).length,
    rewound: points.flatMap(({ step, rewoundFrom }) => (rewoundFrom === undefined ? [] : [{ step, rewoundFrom }])),
    samples: linesOf(join(dir, 'samples.jsonl')).slice(-MOST_SAMPLES),
    scores: jsonOf(join(dir, 'scores', 'scores.json')) ?? [],
  };
}

/** Lines of JSON; a torn one is passed over. */
function linesOf(path: string): unknown[] {
  return textOf(path)
    .split('\n')
    .flatMap((line) => {
      const value = parsed(line);
      return value === undefined ? [] : [value];
    });
}

const jsonOf = (path: string): unknown => parsed(textOf(path));

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
