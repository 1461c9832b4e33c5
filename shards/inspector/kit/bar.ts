/** What stands above every view: where one is, what one looks at, language and light. */
import type { Kit, Tongue } from '../view.ts';
import { el } from './dom.ts';
import { remember } from './words.ts';

export interface Facts {
  readonly dir: string;
  readonly views: readonly {
    readonly name: string;
    readonly title: Record<Tongue, string>;
    readonly isPage: boolean;
  }[];
  readonly corpora: readonly {
    readonly id: string;
    readonly name: string;
    readonly isCurrent: boolean;
    readonly published: string | null;
  }[];
}

interface Now {
  readonly name: string;
  readonly corpus: string | undefined;
  readonly kit: Kit;
  readonly speak: (tongue: Tongue) => void;
}

export function drawBar(bar: HTMLElement, { views, corpora }: Facts, { name, corpus, kit, speak }: Now): void {
  const { say, tongue } = kit;
  const links = views.map((view) =>
    el(
      'a',
      {
        href: view.isPage ? kit.link(view.name) : `/${view.name}/`,
        'aria-current': view.name === name ? 'page' : undefined,
      },
      view.title[tongue],
    ),
  );
  const choice = el(
    'select',
    {
      id: 'corpus',
      'aria-label': say('Snapshot', 'Bản chụp'),
      onchange: ({ target }) => kit.go({ corpus: (target as HTMLSelectElement).value }),
    },
    ...corpora.map(({ id, name: label, isCurrent, published }) =>
      el(
        'option',
        { value: id, selected: id === corpus || label === corpus },
        `${label}${isCurrent && published ? ` · ${say('current', 'hiện hành')}` : ''}`,
      ),
    ),
  );
  const other: Tongue = tongue === 'vi' ? 'en' : 'vi';
  const button = (label: string, text: string, onclick: () => void, more = {}) =>
    el('button', { type: 'button', class: 'plain', 'aria-label': label, title: label, onclick, ...more }, text);
  bar.replaceChildren(
    el('a', { class: 'brand', href: kit.link(views[0].name), 'aria-label': 'Vựa' }, 'Vựa'),
    el('nav', { 'aria-label': say('Views', 'Các trang') }, ...links),
    el(
      'div',
      { class: 'tools' },
      corpora.length > 0 ? choice : undefined,
      button(other === 'vi' ? 'Tiếng Việt' : 'English', other.toUpperCase(), () => speak(other), { lang: other }),
      button(say('Light or dark', 'Sáng hay tối'), '◐', turn),
      button(say('Keys', 'Phím tắt'), '?', () => showHelp(document.getElementById('help') as HTMLDialogElement, kit)),
    ),
  );
  bar.querySelector('[aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
}

/** The other of light and dark. */
function turn(): void {
  const root = document.documentElement;
  const isDark = root.dataset.theme
    ? root.dataset.theme === 'dark'
    : matchMedia('(prefers-color-scheme: dark)').matches;
  root.dataset.theme = isDark ? 'light' : 'dark';
  remember('vua-theme', root.dataset.theme);
  dispatchEvent(new Event('themechange'));
}

export function showHelp(dialog: HTMLDialogElement, { say }: Kit): void {
  const keys: [string, string][] = [
    ['1 … 9', say('to a view', 'đến một trang')],
    ['/', say('search', 'tìm')],
    ['j  k', say('down and up a list', 'xuống, lên danh sách')],
    ['Enter', say('open', 'mở')],
    ['g  b  u', say('label: good, bad, none', 'nhãn: tốt, xấu, bỏ nhãn')],
    ['t', say('tokens in colour', 'tô màu token')],
    ['n  p', say('next and previous document', 'tài liệu sau, trước')],
    ['Esc', say('leave a field, close', 'rời ô nhập, đóng')],
    ['?', say('this help', 'trợ giúp này')],
  ];
  dialog.replaceChildren(
    el('h2', { id: 'help-title' }, say('Keys', 'Phím tắt')),
    el(
      'dl',
      { class: 'keys' },
      ...keys.flatMap(([key, what]) => [el('dt', {}, el('kbd', {}, key)), el('dd', {}, what)]),
    ),
    el(
      'p',
      { class: 'quiet' },
      say(
        'Every view has an address that can be shared; the JSON behind it is listed at ',
        'Mỗi trang có địa chỉ riêng, chia sẻ được; danh sách JSON ở ',
      ),
      el('a', { href: '/api/', target: '_blank', rel: 'noopener' }, '/api/'),
    ),
    el('form', { method: 'dialog' }, el('button', {}, say('Close', 'Đóng'))),
  );
  dialog.showModal();
}
