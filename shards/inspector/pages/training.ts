/** Training runs: curves while they grow, several beside each other, what the model wrote, scores. */
import type { Draw, Kit, LineChart } from '../view.ts';

interface Run {
  readonly run: string;
  readonly modified: number;
  readonly isLive: boolean;
  readonly parameters: number;
  readonly tokensPerStep: number;
  readonly steps: number;
  readonly heldOut: number | null;
}
interface Point {
  readonly step: number;
  readonly loss: number;
  readonly gradNorm: number;
  readonly learningRate: number;
  readonly tokensPerSecond: number;
  readonly dataWaitMs: number;
  readonly heldOutBitsPerByte?: number;
  readonly heldOutBySource?: Readonly<Record<string, number>>;
}
interface Curve {
  readonly run: string;
  readonly isLive: boolean;
  readonly head: {
    readonly unigramBitsPerByte: number;
    readonly untrainedBitsPerByte: number;
    readonly trainBytesPerToken: number;
  };
  readonly points: readonly Point[];
  readonly skipped: number;
  readonly rewound: readonly { readonly step: number; readonly rewoundFrom: number }[];
  readonly samples: readonly { readonly step: number; readonly samples: readonly Sample[] }[];
  readonly scores: readonly ScoreRow[];
}
type Sample = string | { readonly prompt?: string; readonly text?: string };
interface ScoreRow {
  readonly card?: {
    readonly task: string;
    readonly scorer: string;
    readonly data?: { readonly items: number };
    readonly model?: { readonly step?: number };
  };
  readonly all?: { readonly byItem: number; readonly itemError: number; readonly chance?: { readonly byItem: number } };
  readonly bitsPerByte?: number;
}

const AGAIN_MS = 2500;

const draw: Draw = async (into, query, kit, signal) => {
  const { el, say } = kit;
  const { runs } = await kit.get<{ runs: readonly Run[] }>('runs', {}, signal);
  into.append(el('h1', {}, say('Training', 'Huấn luyện')));
  if (runs.length === 0) {
    into.append(
      kit.empty(
        say('No training run in this folder yet.', 'Thư mục này chưa có lần huấn luyện nào.'),
        say(
          '`vua train` or `vua run` write curves; the page “Train here” trains in the browser.',
          '`vua train` hoặc `vua run` ghi đường cong; trang “Huấn luyện tại đây” huấn luyện trong trình duyệt.',
        ),
      ),
    );
    return;
  }
  const chosen = query.getAll('run').length > 0 ? query.getAll('run') : [runs[0].run];
  const ask = (): Promise<Curve[]> => Promise.all(chosen.map((run) => kit.get<Curve>('curve', { run }, signal)));
  const curves = await ask();
  const made = chartsOf(curves, kit).map((chart) => kit.lines(chart));
  into.append(table(runs, chosen, kit), el('div', { class: 'charts' }, ...made), ...details(curves, kit));
  const poll = async (): Promise<void> => {
    if (signal.aborted) return;
    const now = await ask().catch(() => undefined);
    if (now) for (const [i, chart] of chartsOf(now, kit).entries()) made[i]?.update(chart);
    if (now?.some(({ isLive }) => isLive)) setTimeout(poll, AGAIN_MS);
  };
  if (curves.some(({ isLive }) => isLive)) setTimeout(poll, AGAIN_MS);
};
export default draw;

function table(runs: readonly Run[], chosen: readonly string[], kit: Kit): HTMLElement {
  const { el, say, count, figure } = kit;
  const rows = runs.slice(0, 60).map(({ run, steps, parameters, tokensPerStep, heldOut, modified, isLive }) => {
    const others = chosen.includes(run) ? chosen.filter((each) => each !== run) : [...chosen, run];
    return [
      el(
        'a',
        {
          href: kit.link('training', { run }),
          'data-item': run,
          'aria-current': chosen.includes(run) ? 'true' : undefined,
        },
        run,
      ),
      isLive
        ? el('span', { class: 'verdict kept' }, say('growing', 'đang chạy'))
        : kit.time(new Date(modified).toISOString()),
      count(steps),
      count(steps * tokensPerStep),
      count(parameters),
      figure(heldOut),
      runs.length > 1
        ? el(
            'a',
            { href: kit.link('training', { run: others.length > 0 ? others : [run] }), 'data-keep': '' },
            chosen.includes(run) ? say('take away', 'bỏ ra') : say('beside', 'đặt cạnh'),
          )
        : '',
    ];
  });
  return kit.table(
    [
      say('run', 'lần chạy'),
      '',
      say('steps', 'bước'),
      'tokens',
      say('parameters', 'tham số'),
      say('held out, bits/byte', 'giữ riêng, bit/byte'),
      '',
    ],
    rows,
    { class: 'figures' },
  );
}

function chartsOf(curves: readonly Curve[], kit: Kit): LineChart[] {
  const { say } = kit;
  const x = { name: say('step', 'bước') };
  const many = curves.length > 1;
  const named = (run: string, name: string): string => (many ? `${run}: ${name}` : name);
  const of = (name: string, value: (point: Point, curve: Curve) => number | undefined): LineChart['series'] =>
    curves.map((curve) => ({
      name: named(curve.run, name),
      x: curve.points.map(({ step }) => step),
      y: curve.points.map((point) => value(point, curve) ?? null),
    }));
  const bits = ({ loss }: Point, { head }: Curve): number => loss / Math.LN2 / head.trainBytesPerToken;
  const measured = ({ points }: Curve): readonly Point[] =>
    points.filter(({ heldOutBitsPerByte }) => heldOutBitsPerByte !== undefined);
  const heldOut = curves.map((curve) => ({
    name: named(curve.run, say('held out', 'giữ riêng')),
    x: measured(curve).map(({ step }) => step),
    y: measured(curve).map((point) => point.heldOutBitsPerByte ?? null),
    isStrong: true,
  }));
  const [first] = curves;
  const unigram = {
    name: 'unigram',
    x: [first.points[0]?.step ?? 0, first.points.at(-1)?.step ?? 1],
    y: [first.head.unigramBitsPerByte, first.head.unigramBitsPerByte],
    isDashed: true,
  };
  const sources = [
    ...new Set(measured(first).flatMap(({ heldOutBySource = {} }) => Object.keys(heldOutBySource))),
  ].slice(0, 6);
  return [
    {
      title: say('Bits per byte', 'Bit mỗi byte'),
      x,
      series: [...of(say('training', 'huấn luyện'), bits), ...heldOut, unigram],
    },
    ...(many || sources.length === 0
      ? []
      : [
          {
            title: say('Held out, by source', 'Giữ riêng, theo nguồn'),
            x,
            series: sources.map((source) => ({
              name: source,
              x: measured(first).map(({ step }) => step),
              y: measured(first).map(({ heldOutBySource }) => heldOutBySource?.[source] ?? null),
            })),
          },
        ]),
    {
      title: say('Learning rate', 'Tốc độ học'),
      x,
      series: of(say('rate', 'tốc độ'), ({ learningRate }) => learningRate),
    },
    {
      title: say('Gradient norm', 'Chuẩn gradient'),
      x,
      isLog: true,
      series: of(say('norm', 'chuẩn'), ({ gradNorm }) => gradNorm || undefined),
    },
    {
      title: say('Tokens per second', 'Token mỗi giây'),
      x,
      series: of('tokens/s', ({ tokensPerSecond }) => tokensPerSecond),
    },
    { title: say('Waiting for data, ms', 'Chờ dữ liệu, ms'), x, series: of('ms', ({ dataWaitMs }) => dataWaitMs) },
  ];
}

function details(curves: readonly Curve[], kit: Kit): HTMLElement[] {
  const { el, say, count, figure, percent } = kit;
  const [{ samples, scores, skipped, rewound }] = curves;
  const parts: HTMLElement[] = [];
  if (skipped > 0 || rewound.length > 0)
    parts.push(
      el(
        'p',
        {},
        say(
          `${count(skipped)} steps were left out (gradient not finite)`,
          `${count(skipped)} bước bị bỏ (gradient không hữu hạn)`,
        ),
        ...rewound.map(
          ({ step, rewoundFrom }) =>
            `; ${say(`went back before step ${step} from ${rewoundFrom}`, `quay lại trước bước ${step} từ ${rewoundFrom}`)}`,
        ),
      ),
    );
  if (scores.length > 0) {
    const rows = scores
      .slice(0, 60)
      .map(({ card, all, bitsPerByte }) => [
        `${card?.task ?? '?'} ${card?.scorer ?? ''}`,
        card?.model?.step === undefined ? '–' : count(card.model.step),
        card?.data ? count(card.data.items) : '–',
        bitsPerByte !== undefined
          ? `${figure(bitsPerByte)} bits`
          : all
            ? `${percent(all.byItem)} ± ${percent(1.96 * all.itemError)}`
            : '–',
        all?.chance ? percent(all.chance.byItem) : '–',
      ]);
    parts.push(
      kit.section(
        say('Scores', 'Điểm'),
        kit.table(
          [
            say('task', 'bài'),
            say('step', 'bước'),
            say('questions', 'câu hỏi'),
            say('right', 'đúng'),
            say('chance', 'ngẫu nhiên'),
          ],
          rows,
          { class: 'figures' },
        ),
      ),
    );
  }
  if (samples.length > 0)
    parts.push(
      kit.section(
        say('What it wrote', 'Mô hình đã viết'),
        el(
          'ol',
          { class: 'written' },
          ...samples
            .toReversed()
            .flatMap(({ step, samples: texts }) =>
              texts.map((text) =>
                el(
                  'li',
                  {},
                  el('span', { class: 'quiet' }, say(`step ${count(step)}`, `bước ${count(step)}`)),
                  el(
                    'p',
                    { lang: 'vi', dir: 'auto' },
                    typeof text === 'string' ? text : `${text.prompt ?? ''}${text.text ?? ''}`,
                  ),
                ),
              ),
            ),
        ),
      ),
    );
  return parts;
}
