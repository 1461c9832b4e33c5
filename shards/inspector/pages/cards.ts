/** Greeting cards in every design, by occasion, who writes to whom, form and tone. */
import type { CardChoices } from '../shapes.ts';
import type { Draw, Kit } from '../view.ts';

interface Written {
  readonly heading: string;
  readonly text: string;
  readonly choices: CardChoices;
}

const KEYS = ['occasion', 'from', 'to', 'form', 'length', 'tone', 'name', 'signed', 'seed'] as const;
type Key = (typeof KEYS)[number];
const DEFAULTS: Readonly<Partial<Record<Key, string>>> = {
  ...{ occasion: 'tet', from: 'con', to: 'bố mẹ', form: 'luc-bat', length: 'short', tone: 'any', seed: '1' },
};

const draw: Draw = async (into, query, kit, signal) => {
  const { el, say } = kit;
  const now = (key: Key): string => query.get(key) ?? DEFAULTS[key] ?? '';
  const asked = Object.fromEntries(KEYS.map((key) => [key, now(key)])) as Record<Key, string>;
  const { choices, heading, text } = await kit.get<Written>('card', asked, signal);
  const go = (more: Partial<Record<Key, string>>): void => kit.go({ ...asked, ...more }, 'cards', true);
  const names = namesOf(kit);
  const choose = (key: Key, label: string, values: readonly (readonly [value: string, shown: string])[]) =>
    el(
      'label',
      {},
      label,
      el(
        'select',
        {
          id: key,
          onchange: ({ target }) => {
            const { value } = target as HTMLSelectElement;
            const [first] = choices.pairs[value] ?? [];
            const fits = key !== 'from' || choices.pairs[value].includes(asked.to);
            go({ [key]: value, ...(!fits && { to: first }) });
          },
        },
        ...values.map(([value, shown]) => el('option', { value, selected: value === asked[key] }, shown)),
      ),
    );
  const write = (key: Key, label: string, placeholder: string) =>
    el(
      'label',
      {},
      label,
      el('input', {
        ...{ id: key, type: 'text', maxlength: 60, value: asked[key], lang: 'vi', autocomplete: 'off', placeholder },
        onchange: ({ target }) => go({ [key]: (target as HTMLInputElement).value.trim() }),
      }),
    );
  const same = (list: readonly string[]) => list.map((each) => [each, names[each] ?? each] as const);
  const own = choices.occasions.find(({ name }) => name === asked.occasion)?.design;
  const designs = [...choices.designs].sort((a, b) => Number(b === own) - Number(a === own));
  into.append(
    el('h1', {}, say('Cards', 'Thiệp')),
    el(
      'form',
      { class: 'card-form', onsubmit: (event) => event.preventDefault() },
      choose(
        'occasion',
        say('occasion', 'dịp'),
        choices.occasions.map(({ name, heading: head }) => [name, head]),
      ),
      choose(
        'from',
        say('from', 'người viết'),
        Object.keys(choices.pairs).map((each) => [each, each]),
      ),
      choose(
        'to',
        say('to', 'người nhận'),
        (choices.pairs[asked.from] ?? []).map((each) => [each, each]),
      ),
      choose('form', say('form', 'thể'), same(choices.forms)),
      choose('length', say('length', 'độ dài'), same(choices.lengths)),
      choose('tone', say('tone', 'giọng'), same(choices.tones)),
      write('name', say('name on it', 'tên người nhận'), ''),
      write('signed', say('signed', 'ký tên'), ''),
      el(
        'button',
        { type: 'button', id: 'another', onclick: () => go({ seed: String(Number(asked.seed) + 1) }) },
        say('Another', 'Bài khác'),
      ),
    ),
    el(
      'div',
      { class: 'gallery' },
      ...designs.map((design, at) => {
        const address = `/api/card.svg?${new URLSearchParams({ ...asked, design })}`;
        const label = names[design] ?? design;
        return el(
          'figure',
          { class: at === 0 ? 'first' : '' },
          el('img', { src: address, alt: at === 0 ? `${heading}. ${text}` : label, width: 1080, height: 1350 }),
          el(
            'figcaption',
            {},
            label,
            ' ',
            el('a', { href: address, download: `thiep-${design}.svg`, target: '_blank' }, 'SVG'),
          ),
        );
      }),
    ),
    el(
      'p',
      { class: 'quiet' },
      say('Lines are by rule and chance; ', 'Câu chữ theo luật và ngẫu nhiên; '),
      el(
        'code',
        {},
        `vua card --occasion ${asked.occasion} --from "${asked.from}" --to "${asked.to}" --out thiep --png`,
      ),
      say(' lets a model choose and writes files.', ' để mô hình chọn và ghi ra tệp.'),
    ),
  );
};

export default draw;

const namesOf = ({ say }: Kit): Readonly<Record<string, string>> => ({
  ...{
    'luc-bat': say('lục bát', 'lục bát'),
    'four-lines': say('four lines', 'bốn câu bảy chữ'),
    prose: say('prose', 'văn xuôi'),
  },
  ...{ short: say('short', 'ngắn'), medium: say('medium', 'vừa'), long: say('long', 'dài') },
  ...{ any: say('any', 'tùy ý'), warm: say('warm', 'thân mật'), formal: say('formal', 'trang trọng') },
  ...{ dao: say('peach blossom', 'hoa đào'), mai: say('apricot blossom', 'hoa mai'), sen: say('lotus', 'hoa sen') },
  ...{ trang: say('moon', 'trăng rằm'), giay: say('paper, of mourning', 'giấy dó, để chia buồn') },
});
