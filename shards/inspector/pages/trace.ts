/** Any text, and the documents that contain it; of a longer one the stretches that stand somewhere. */
import type { Draw, Kit } from '../view.ts';
import { recordOf } from './filters.ts';
import type { Line } from './list.ts';
import { whileTyping } from './typing.ts';

interface Traced {
  readonly isMaking: boolean;
  readonly count: number;
  readonly tokens: number;
  readonly occurrences: readonly {
    readonly before: string;
    readonly after: string;
    readonly split: string;
    readonly document: Line | null;
  }[];
}
interface Stretches {
  readonly isMaking: boolean;
  readonly text: string;
  readonly matches: readonly { readonly start: number; readonly end: number; readonly count: number }[];
}

const draw: Draw = async (into, query, kit, signal) => {
  const { el, say } = kit;
  const text = query.get('text') ?? '';
  const ask = (): void =>
    kit.go({ corpus: query.get('corpus') ?? undefined, text: field.value.slice(0, 4000) }, 'trace', true);
  const field: HTMLTextAreaElement = el('textarea', {
    ...{ id: 'text', rows: 3, lang: 'vi', spellcheck: 'false', maxlength: 4000 },
    'aria-label': say('Text to look for', 'Văn bản cần truy'),
    placeholder: say('a sentence, a phrase, what a model wrote', 'một câu, một cụm từ, hay điều mô hình đã viết'),
    oninput: whileTyping(350, ask).typed,
  });
  field.value = text;
  into.append(el('h1', {}, say('Ask the corpus why', 'Hỏi kho văn bản vì sao')), field);
  if (text.trim() === '') {
    into.append(
      el(
        'p',
        { class: 'quiet' },
        say(
          'Counts are of the text itself, however it was cut into tokens.',
          'Số lần đếm là của chính văn bản, dù được tách thành token ra sao.',
        ),
      ),
    );
    return;
  }
  const stretches = await kit.get<Stretches>('stretches', { text }, signal);
  const longest = [...(stretches.matches ?? [])].sort((a, b) => b.end - b.start - (a.end - a.start))[0];
  const whole = await kit.get<Traced>('trace', { text: query.get('span') ?? text, limit: 30 }, signal);
  // What stands nowhere as a whole is shown by the longest stretch that does.
  const isChosen = query.has('span') || whole.count > 0 || longest === undefined;
  const span = isChosen ? (query.get('span') ?? text) : stretches.text.slice(longest.start, longest.end);
  const traced = isChosen ? whole : await kit.get<Traced>('trace', { text: span, limit: 30 }, signal);
  if (traced.isMaking || stretches.isMaking) {
    into.append(
      el(
        'p',
        { role: 'status' },
        say(
          'The index of tokens is being made; the answer comes by itself.',
          'Đang tạo chỉ mục token; câu trả lời sẽ tự hiện ra.',
        ),
      ),
    );
    const again = setTimeout(() => kit.go(recordOf(query), 'trace', true), 1200);
    signal.addEventListener('abort', () => clearTimeout(again));
    return;
  }
  const isPart = span !== text;
  if (stretches.matches.some(({ start, end }) => end - start < stretches.text.length))
    into.append(markedStretches(stretches, span, query, kit));
  into.append(
    el(
      'p',
      { role: 'status' },
      el('strong', {}, say(`${kit.count(traced.count)} times`, `${kit.count(traced.count)} lần`)),
      say(` in ${kit.count(traced.tokens)} tokens`, ` trong ${kit.count(traced.tokens)} token`),
      isPart ? `: “${span.length > 160 ? `${span.slice(0, 160)}…` : span}”` : '',
    ),
    traced.count === 0
      ? kit.empty(
          say('No document contains it.', 'Không tài liệu nào chứa văn bản này.'),
          say(
            'Choose a marked stretch above, or shorten it.',
            'Hãy chọn một đoạn được đánh dấu ở trên, hoặc rút ngắn.',
          ),
        )
      : el(
          'ol',
          { class: 'documents' },
          ...traced.occurrences.map((each) => el('li', {}, occurrence(each, span, kit))),
        ),
    traced.count > traced.occurrences.length && traced.occurrences.length > 0
      ? el(
          'p',
          { class: 'quiet' },
          say(
            `the first ${kit.count(traced.occurrences.length)} places`,
            `${kit.count(traced.occurrences.length)} chỗ đầu tiên`,
          ),
        )
      : '',
  );
};
export default draw;

function markedStretches({ text, matches }: Stretches, chosen: string, query: URLSearchParams, kit: Kit): HTMLElement {
  const { el, say, count } = kit;
  const parts: (Node | string)[] = [];
  let done = 0;
  for (const match of matches) {
    const start = Math.max(done, match.start);
    if (match.end <= start) continue;
    const own = text.slice(match.start, match.end);
    parts.push(
      text.slice(done, start),
      el(
        'a',
        {
          class: `stretch${own === chosen ? ' chosen' : ''}`,
          href: kit.link('trace', { ...recordOf(query), span: own }),
          'data-keep': '',
          title: say(`${count(match.count)} times`, `${count(match.count)} lần`),
        },
        text.slice(start, match.end),
      ),
    );
    done = match.end;
  }
  parts.push(text.slice(done));
  return el(
    'section',
    {},
    el('h2', {}, say('Longest stretches that stand in documents', 'Những đoạn dài nhất có trong tài liệu')),
    el('p', { class: 'pieces', lang: 'vi' }, ...parts),
  );
}

function occurrence(
  { before, after, split, document }: Traced['occurrences'][number],
  span: string,
  kit: Kit,
): HTMLElement {
  const { el, say } = kit;
  const flat = (part: string): string => part.replace(/\s+/g, ' ');
  const body = [
    el(
      'span',
      { class: 'head' },
      el(
        'strong',
        { lang: 'vi', dir: 'auto' },
        document?.title || document?.url || say('document not in this folder', 'tài liệu không ở thư mục này'),
      ),
      el('span', { class: 'quiet' }, split),
    ),
    el(
      'span',
      { class: 'around', lang: 'vi', dir: 'auto' },
      `…${flat(before)}`,
      el('mark', {}, flat(span)),
      `${flat(after)}…`,
    ),
    el('span', { class: 'quiet facts' }, document?.url ?? ''),
  ];
  return document === null
    ? el('div', { class: 'line' }, ...body)
    : el(
        'a',
        {
          class: 'line',
          'data-item': document.id,
          href: kit.link('documents', { id: document.id, q: `"${span.slice(0, 200).replaceAll('"', '')}"` }),
        },
        ...body,
      );
}
