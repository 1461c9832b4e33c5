/** SQL over the columns of a corpus: what is asked stands in the address, its answer as a table, a chart, a CSV file. */
import type { Draw, Kit } from '../view.ts';
import { type Column, chartOf } from './sql-chart.ts';

interface Tables {
  readonly isAbsent: boolean;
  readonly package: string;
  readonly megabytes: number;
  readonly limits: { readonly time: number; readonly megabytes: number };
  readonly tables: readonly { readonly name: string; readonly columns: readonly Column[] }[];
}
interface Rows {
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly unknown[])[];
  readonly isCut: boolean;
  readonly ms: number;
}
type Answer = Rows | { readonly isMaking: true };

/** Rows that are shown of those that came. */
const SHOWN = 500;
const AGAIN_MS = 700;

const draw: Draw = async (into, query, kit, signal) => {
  const { el, say } = kit;
  const facts = await kit.get<Tables>('sql-tables', {}, signal);
  into.append(
    el(
      'div',
      { class: 'title' },
      el('h1', {}, 'SQL'),
      el(
        'p',
        { class: 'quiet' },
        say(
          'One SELECT over the tables documents and rejects, by DuckDB: read-only, of these two alone.',
          'Một câu SELECT trên hai bảng documents và rejects, do DuckDB trả lời: chỉ đọc, chỉ hai bảng này.',
        ),
      ),
    ),
  );
  if (facts.isAbsent) {
    into.append(absent(facts, kit));
    return;
  }
  const asked = query.get('q') ?? '';
  const field = el('textarea', {
    ...{ id: 'q', rows: 5, class: 'sql-text', spellcheck: 'false', autocapitalize: 'off', maxlength: 8000 },
    ...{ 'aria-label': 'SQL', placeholder: examples(kit)[0].sql },
    onkeydown: (event) => {
      const { key, ctrlKey, metaKey } = event as KeyboardEvent;
      if (key !== 'Enter' || !(ctrlKey || metaKey)) return;
      event.preventDefault();
      run();
    },
  });
  field.value = asked;
  const run = (): void => {
    const q = field.value.trim() || examples(kit)[0].sql;
    kit.go({ q });
  };
  const result = el('div', { class: 'sql-result', 'aria-live': 'polite' });
  into.append(
    el(
      'div',
      { class: 'beside sql-beside' },
      columnsOf(facts, field, kit),
      el(
        'div',
        { class: 'results' },
        field,
        el(
          'div',
          { class: 'buttons' },
          el('button', { type: 'submit', onclick: run }, say('Run', 'Chạy'), el('kbd', {}, 'Ctrl ↵')),
          asked === ''
            ? undefined
            : el(
                'a',
                { class: 'button', href: kit.link('api/sql-csv', { q: asked }), download: 'vua.csv' },
                say('Whole result as CSV', 'Toàn bộ kết quả, CSV'),
              ),
        ),
        el(
          'p',
          { class: 'sql-examples' },
          ...examples(kit).map(({ name, sql }) => el('a', { class: 'chip', href: kit.link('sql', { q: sql }) }, name)),
        ),
        result,
      ),
    ),
  );
  if (asked !== '') void show(result, asked, kit, signal);
};
export default draw;

async function show(into: HTMLElement, q: string, kit: Kit, signal: AbortSignal): Promise<void> {
  const { el, say } = kit;
  into.append(el('p', { class: 'quiet', role: 'status' }, say('asking…', 'đang hỏi…')));
  try {
    for (;;) {
      const answer = await kit.get<Answer>('sql', { q }, signal);
      if (signal.aborted) return;
      if (!('isMaking' in answer)) {
        into.replaceChildren(...drawn(answer, kit));
        return;
      }
      const making = say(
        'Writing the columns as Parquet, once for each shard: the answer comes by itself.',
        'Đang ghi các cột ra Parquet, mỗi mảnh một lần: câu trả lời sẽ tự hiện.',
      );
      into.replaceChildren(el('p', { class: 'quiet', role: 'status' }, making));
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    }
  } catch (error) {
    if (signal.aborted) return;
    const { message, hint } = error as Error & { hint?: string };
    const said = message.replace(/^SQL: /, '');
    into.replaceChildren(
      el(
        'div',
        { class: 'problem', role: 'alert' },
        el('pre', {}, said),
        hint === undefined ? undefined : el('p', { class: 'quiet' }, hint),
      ),
    );
  }
}

function drawn({ columns, rows, isCut, ms }: Rows, kit: Kit): Node[] {
  const { el, say, count } = kit;
  const of = isCut ? say(`the first ${count(rows.length)} rows`, `${count(rows.length)} dòng đầu`) : undefined;
  const chart = chartOf(columns, rows, kit);
  const shown = rows.slice(0, SHOWN);
  const cells = shown.map((row) => row.map((value, i) => cellOf(columns[i], value, kit)));
  return [
    el(
      'p',
      { class: 'quiet', role: 'status' },
      `${of ?? say(`${count(rows.length)} rows`, `${count(rows.length)} dòng`)} · ${count(ms)} ms`,
      rows.length > SHOWN ? say(`, ${count(SHOWN)} are shown`, `, hiện ${count(SHOWN)}`) : '',
    ),
    ...(chart === undefined ? [] : [chart]),
    kit.table(
      columns.map(({ name }) => name),
      cells,
      { class: 'sql-table' },
    ),
  ];
}

function cellOf({ name, type }: Column, value: unknown, { el, link }: Kit): Node | string {
  if (value === null) return el('span', { class: 'quiet' }, 'null');
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  if (name === 'id' && type === 'VARCHAR' && text !== '')
    return el('a', { class: 'word', href: link('documents', { id: text }) }, text);
  return el('span', { class: 'word', dir: 'auto' }, text);
}

/** Tables and columns; a click puts the name where one types. */
function columnsOf({ tables }: Tables, field: HTMLTextAreaElement, { el }: Kit): HTMLElement {
  const put = (name: string): void => {
    field.setRangeText(name, field.selectionStart, field.selectionEnd, 'end');
    field.focus();
  };
  return el(
    'aside',
    { class: 'sql-columns' },
    ...tables.map(({ name, columns }) =>
      el(
        'details',
        {},
        el('summary', {}, el('code', {}, name), ` ${columns.length}`),
        el(
          'ul',
          {},
          ...columns.map((column) =>
            el(
              'li',
              {},
              el(
                'button',
                { type: 'button', class: 'plain', title: column.type, onclick: () => put(column.name) },
                column.name,
              ),
            ),
          ),
        ),
      ),
    ),
  );
}

/** What makes it, by a button: nothing is fetched from the network that nobody asked for. */
function absent({ package: name, megabytes }: Tables, kit: Kit): HTMLElement {
  const { el, say } = kit;
  const said = el('p', { class: 'quiet', role: 'status' });
  const fetchIt = async (): Promise<void> => {
    button.disabled = true;
    said.textContent = say('npm fetches it…', 'npm đang tải…');
    try {
      await kit.post('sql-package', {});
      kit.go({ q: new URLSearchParams(location.search).get('q') ?? undefined }, 'sql', true);
    } catch (error) {
      const { message, hint } = error as Error & { hint?: string };
      said.textContent = [message, hint].filter((text) => text !== undefined).join(' · ');
      button.disabled = false;
    }
  };
  const button = el(
    'button',
    { type: 'button', onclick: () => void fetchIt() },
    say(`Fetch it (${megabytes} MB, once)`, `Tải về (${megabytes} MB, một lần)`),
  );
  return el(
    'div',
    { class: 'empty' },
    el('p', {}, say(`SQL needs ${name}, which is not installed here.`, `SQL cần ${name}, chưa cài ở máy này.`)),
    el('p', {}, button),
    said,
  );
}

const examples = ({ say }: Kit) => [
  {
    name: say('What hosts lose', 'Máy chủ mất gì'),
    sql: 'SELECT host, count(*) AS dropped, mode(reason) AS most_often\nFROM rejects GROUP BY host ORDER BY dropped DESC LIMIT 20',
  },
  {
    name: say('By day', 'Theo ngày'),
    sql: 'SELECT day, count(*) AS documents, sum(bytes) AS bytes\nFROM documents GROUP BY day ORDER BY day',
  },
  {
    name: say('By source', 'Theo nguồn'),
    sql: 'SELECT source, count(*) AS documents, median(syllables) AS syllables, avg(diacritic_ratio) AS diacritics\nFROM documents GROUP BY source ORDER BY documents DESC',
  },
  {
    name: say('Kept and dropped', 'Giữ và bỏ'),
    sql: "SELECT host, count(*) FILTER (kind = 'kept') AS kept, count(*) FILTER (kind = 'dropped') AS dropped\nFROM (SELECT host, 'kept' AS kind FROM documents UNION ALL SELECT host, 'dropped' FROM rejects)\nGROUP BY host ORDER BY dropped DESC LIMIT 30",
  },
  {
    name: say('In the text', 'Trong văn bản'),
    sql: "SELECT id, title, syllables FROM documents\nWHERE text ILIKE '%Hà Nội%' ORDER BY syllables DESC LIMIT 50",
  },
  { name: say('Every column', 'Mọi cột'), sql: 'SUMMARIZE documents' },
];
