/** What extraction left out of the page of a document. */
import type { Kit } from '../view.ts';

interface LeftOut {
  readonly hasArchive: boolean;
  readonly why?: string | null;
  readonly leftOut: readonly {
    readonly box: string;
    readonly reason: string;
    readonly text: string;
    readonly length: number;
  }[];
}

/** Looked for in the archive when it is opened: a page is read again for it. */
export function leftOutOf(
  { id, url }: { readonly id: string; readonly url: string },
  kit: Kit,
): HTMLElement | undefined {
  const { el, say } = kit;
  if (!/^https?:/.test(url)) return undefined;
  const list = el('div', {}, el('p', { class: 'quiet' }, say('reading the archive…', 'đang đọc kho lưu…')));
  let isAsked = false;
  const ask = async (): Promise<void> => {
    if (isAsked) return;
    isAsked = true;
    try {
      const { hasArchive, why, leftOut } = await kit.get<LeftOut>('left-out', { id });
      const nothing = !hasArchive
        ? say('The archive of its run is not in this folder.', 'Kho lưu của lần chạy không có trong thư mục này.')
        : why
          ? say(`Nothing can be said: ${why}`, `Không thể nói gì: ${why}`)
          : say(
              'Nothing, but for lines that its host repeats.',
              'Không bỏ gì, ngoài các dòng lặp lại trên cả trang web.',
            );
      list.replaceChildren(
        leftOut.length === 0
          ? el('p', { class: 'quiet' }, nothing)
          : el(
              'ul',
              { class: 'left-out' },
              ...leftOut.map(({ box, reason, text, length }) =>
                el(
                  'li',
                  {},
                  el('span', { class: 'quiet' }, el('code', {}, box), ` · ${reason}`),
                  el('p', { lang: 'vi', dir: 'auto' }, text, length > text.length ? '…' : ''),
                ),
              ),
            ),
      );
    } catch (error) {
      list.replaceChildren(el('p', { class: 'quiet' }, (error as Error).message));
    }
  };
  return el(
    'details',
    { class: 'left-out-of', id: 'left-out', ontoggle: () => void ask() },
    el('summary', {}, say('What extraction left out of the page', 'Phần bị bỏ khi trích xuất trang')),
    list,
  );
}
