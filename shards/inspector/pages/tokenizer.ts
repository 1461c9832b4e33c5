/** What a tokenizer makes of any text, and what each source costs in it. */
import type { Draw, Kit } from '../view.ts';
import { recordOf } from './filters.ts';
import { type Pieces, piecesOf } from './pieces.ts';
import { whileTyping } from './typing.ts';

interface Tokenizers {
  readonly tokenizers: readonly { readonly path: string; readonly vocabSize: number; readonly fingerprint: string }[];
}
interface Fertility {
  readonly fingerprint: string;
  readonly sources: readonly {
    readonly source: string;
    readonly of: number;
    readonly documents: number;
    readonly bytes: number;
    readonly tokens: number;
    readonly syllables: number;
  }[];
}

const TRY = 'Sáng sớm trên sông Hậu, ghe thuyền tấp nập chở trái cây ra chợ nổi; người mua kẻ bán gọi nhau í ới.';

const draw: Draw = async (into, query, kit, signal) => {
  const { el, say } = kit;
  const { tokenizers } = await kit.get<Tokenizers>('tokenizers', {}, signal);
  into.append(el('h1', {}, say('Tokenizer', 'Bộ tách từ')));
  if (tokenizers.length === 0) {
    into.append(
      kit.empty(
        say('There is no tokenizer in this folder.', 'Thư mục này chưa có bộ tách từ.'),
        '`vua run`, `vua tokenizer train`',
      ),
    );
    return;
  }
  const text = query.get('text') ?? TRY;
  const chosen = [query.get('a') ?? tokenizers[0].fingerprint, query.get('b')].filter((name) => name !== null);
  const results = el('div', { class: chosen.length > 1 ? 'sides' : '' });
  const show = async (now: string): Promise<void> => {
    const all = await Promise.all(
      chosen.map((tokenizer) => kit.get<Pieces>('pieces', { tokenizer, text: now }, signal)),
    );
    results.replaceChildren(
      ...all.map((pieces, i) =>
        piecesOf(pieces, tokenizers.find(({ fingerprint }) => fingerprint === chosen[i])?.path ?? '', kit),
      ),
    );
  };
  const typing = whileTyping(120, () => {
    history.replaceState({}, '', kit.link('tokenizer', { ...recordOf(query), text: field.value.slice(0, 2000) }));
    void show(field.value).catch(() => {});
  });
  const field: HTMLTextAreaElement = el('textarea', {
    ...{
      id: 'text',
      rows: 3,
      lang: 'vi',
      spellcheck: 'false',
      maxlength: 20_000,
      'aria-label': say('Text', 'Văn bản'),
    },
    oninput: typing.typed,
  });
  field.value = text;
  const choice = (name: 'a' | 'b', value: string | undefined, label: string) => {
    const select = el(
      'select',
      {
        id: `tokenizer-${name}`,
        'aria-label': label,
        onchange: () =>
          kit.go({ ...recordOf(query), text: field.value.slice(0, 2000), [name]: select.value }, 'tokenizer', true),
      },
      name === 'b' ? el('option', { value: '' }, say('beside another…', 'cạnh bộ khác…')) : undefined,
      ...tokenizers.map(({ path, vocabSize, fingerprint }) =>
        el(
          'option',
          { value: fingerprint, selected: fingerprint === value },
          `${path || '.'} · ${kit.count(vocabSize)}`,
        ),
      ),
    );
    return select;
  };
  into.append(
    el(
      'div',
      { class: 'rules-line' },
      choice('a', chosen[0], say('Tokenizer', 'Bộ tách từ')),
      tokenizers.length > 1 ? choice('b', chosen[1], say('Beside', 'Đặt cạnh')) : undefined,
    ),
    field,
    results,
  );
  const [figures] = await Promise.all([
    Promise.all(chosen.map((tokenizer) => kit.get<Fertility>('fertility', { tokenizer }, signal))),
    show(text),
  ]);
  into.append(
    fertility(
      figures,
      chosen.map((name) => tokenizers.find(({ fingerprint }) => fingerprint === name)?.path ?? ''),
      kit,
    ),
  );
};
export default draw;

function fertility(all: readonly Fertility[], names: readonly string[], kit: Kit): HTMLElement {
  const { say, count, figure } = kit;
  const [first] = all;
  const rows = first.sources.map(({ source, of, documents }) => [
    source,
    `${count(documents)} / ${count(of)}`,
    ...all.flatMap(({ sources }) => {
      const own = sources.find((each) => each.source === source);
      return own === undefined
        ? ['–', '–']
        : [figure(own.bytes / Math.max(1, own.tokens)), figure(own.tokens / Math.max(1, own.syllables))];
    }),
  ]);
  const head = [
    say('source', 'nguồn'),
    say('documents read', 'tài liệu đã đọc'),
    ...all.flatMap((_, i) =>
      [say('bytes a token', 'byte mỗi token'), say('tokens a syllable', 'token mỗi âm tiết')].map((title) =>
        all.length > 1 ? `${names[i]}: ${title}` : title,
      ),
    ),
  ];
  return kit.section(
    say('What each source costs', 'Mỗi nguồn tốn bao nhiêu'),
    kit.table(head, rows, { class: 'figures' }),
  );
}
