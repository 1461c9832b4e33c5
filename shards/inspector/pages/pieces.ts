/** A text cut into tokens, each in the colour of its turn. */
import type { Kit } from '../view.ts';

export interface Pieces {
  readonly bytes: number;
  readonly pieces: readonly { readonly id: number; readonly text: string | null; readonly hex?: string }[];
}

const HUES = 6;
const SHOWN = 12_000;
/** Characters of a text that are cut. */
const MOST_TEXT = 20_000;

/** @param name of the tokenizer, where there are several */
export function piecesOf({ pieces, bytes }: Pieces, name: string, kit: Kit): HTMLElement {
  const { el, say, count, figure } = kit;
  return el(
    'section',
    {},
    el(
      'p',
      { class: 'quiet', role: 'status' },
      name ? `${name}: ` : '',
      say(
        `${count(pieces.length)} tokens, ${count(bytes)} bytes, ${figure(bytes / Math.max(1, pieces.length))} bytes a token`,
        `${count(pieces.length)} token, ${count(bytes)} byte, ${figure(bytes / Math.max(1, pieces.length))} byte mỗi token`,
      ),
    ),
    el(
      'p',
      { class: 'pieces', lang: 'vi' },
      ...pieces
        .slice(0, SHOWN)
        .map(({ id, text, hex }, i) =>
          el(
            'span',
            { class: `piece hue-${i % HUES}${text === null ? ' raw' : ''}`, title: `${id}${hex ? ` · ${hex}` : ''}` },
            text === null ? `⟨${hex}⟩` : text.replaceAll('\n', '↵\n'),
          ),
        ),
    ),
  );
}

/** The beginning of a document, drawn when its tokens are there. */
export function coloured(text: string, kit: Kit): HTMLElement {
  const { el, say } = kit;
  const begin = text.slice(0, /[\ud800-\udbff]/.test(text.charAt(MOST_TEXT - 1)) ? MOST_TEXT - 1 : MOST_TEXT);
  const into = el(
    'div',
    { class: 'coloured' },
    el('p', { class: 'quiet', role: 'status' }, say('cutting…', 'đang tách…')),
  );
  void kit.get<Pieces>('pieces', { text: begin }).then(
    (pieces) =>
      into.replaceChildren(piecesOf(pieces, begin.length < text.length ? say('its beginning', 'phần đầu') : '', kit)),
    (error: Error) => into.replaceChildren(el('p', { class: 'quiet', role: 'alert' }, error.message)),
  );
  return into;
}
