/** What extraction left out of the page of a document: as a list, and marked in the page. */
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

type Node = string | { readonly tag: string; readonly children: readonly Node[]; box?: string; reason?: string };
interface Original {
  readonly hasArchive: boolean;
  readonly why?: string | null;
  readonly isCut?: boolean;
  readonly children: readonly Node[];
}

/** Looked for in the archive when it is opened: a page is read again for it. */
export function leftOutOf(
  { id, url }: { readonly id: string; readonly url: string },
  kit: Kit,
): HTMLElement | undefined {
  const { el, say } = kit;
  if (!/^https?:/.test(url)) return undefined;
  return el(
    'div',
    { class: 'left-out-of' },
    folded(kit, 'left-out', say('What extraction left out of the page', 'Phần bị bỏ khi trích xuất trang'), () =>
      listOf(id, kit),
    ),
    folded(kit, 'original', say('The page as it was fetched', 'Trang như lúc tải về'), () => originalOf(id, kit)),
  );
}

/** Asked for once, when it is opened. */
function folded({ el, say }: Kit, id: string, summary: string, ask: () => Promise<HTMLElement>): HTMLElement {
  const inner = el('div', {}, el('p', { class: 'quiet' }, say('reading the archive…', 'đang đọc kho lưu…')));
  let isAsked = false;
  const open = async (): Promise<void> => {
    if (isAsked) return;
    isAsked = true;
    inner.replaceChildren(await ask().catch((error: Error) => el('p', { class: 'quiet' }, error.message)));
  };
  return el('details', { id, ontoggle: () => void open() }, el('summary', {}, summary), inner);
}

const nothingOf = ({ hasArchive, why }: { hasArchive: boolean; why?: string | null }, { say }: Kit) =>
  !hasArchive
    ? say('The archive of its run is not in this folder.', 'Kho lưu của lần chạy không có trong thư mục này.')
    : why && say(`Nothing can be said: ${why}`, `Không thể nói gì: ${why}`);

async function listOf(id: string, kit: Kit): Promise<HTMLElement> {
  const { el, say } = kit;
  const answer = await kit.get<LeftOut>('left-out', { id });
  const { leftOut } = answer;
  const nothing =
    nothingOf(answer, kit) ||
    say('Nothing, but for lines that its host repeats.', 'Không bỏ gì, ngoài các dòng lặp lại trên cả trang web.');
  if (leftOut.length === 0) return el('p', { class: 'quiet' }, nothing);
  return el(
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
  );
}

async function originalOf(id: string, kit: Kit): Promise<HTMLElement> {
  const { el, say } = kit;
  const answer = await kit.get<Original>('original', { id });
  const nothing = nothingOf(answer, kit);
  if (nothing) return el('p', { class: 'quiet' }, nothing);
  return el(
    'div',
    { class: 'original', dir: 'auto', lang: 'vi' },
    ...answer.children.map((child) => drawn(child, kit)),
    answer.isCut
      ? el('p', { class: 'quiet' }, say('The page goes on behind this.', 'Trang còn tiếp sau chỗ này.'))
      : undefined,
  );
}

/** Names come from a list of the server's; anything else is a box. */
const KNOWN = new Set(
  `div h1 h2 h3 h4 h5 h6 p ul ol li dl dt dd table caption tr td th blockquote pre figure figcaption
  b strong i em u s code sub sup br hr`.split(/\s+/),
);

function drawn(node: Node, kit: Kit): globalThis.Node {
  const { el, say } = kit;
  if (typeof node === 'string') return document.createTextNode(node);
  const { tag, children, box, reason } = node;
  if (tag === 'img') return el('span', { class: 'picture' }, `[${say('picture', 'ảnh')} ${String(children[0])}]`);
  const name = (KNOWN.has(tag) ? tag : 'div') as 'div';
  const inner = children.map((child) => drawn(child, kit));
  if (reason === undefined) return el(name, {}, ...inner);
  const title = `${box}: ${say('left out', 'bị bỏ')}: ${reason}`;
  return el(name, { class: 'gone', title }, ...(tag === 'tr' ? inner : [el('small', {}, title), ...inner]));
}
