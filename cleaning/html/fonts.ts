/**
 * Fonts that are an encoding: text set in `.VnTime`, `VNI-Times` or `VPS Times` holds the bytes of TCVN3, VNI or VPS,
 * whatever the page around it is written in. `.VnTimeH` shows capitals for small letters.
 */
import { restoreWords } from '../decode/capitals.ts';
import { decodeLegacy, type LegacyCharset, tellingWords } from '../decode/legacy.ts';
import { toBytes } from '../decode/mojibake.ts';
import { ATTRIBUTE } from './attributes.ts';
import { type Element, type Node, traverse } from './dom.ts';

interface Font {
  readonly charset: LegacyCharset;
  readonly isCapital: boolean;
}

const FONT = /(\.vn[a-z]\w*|vni[ -][\w-]+|vps[ -][\w-]+)/i;

function fontNamed(name: string): Font | undefined {
  const found = FONT.exec(name)?.[1]?.toLowerCase();
  if (found === undefined) return undefined;
  const charset = found.startsWith('.vn') ? 'tcvn3' : found.startsWith('vni') ? 'vni' : 'vps';
  return { charset, isCapital: charset === 'tcvn3' && found.endsWith('h') };
}

/** Letters that such a font cannot show: the text was converted, and only the name of the font stayed. */
const PROPER = /[\u0102\u0103\u0110\u0111\u01a0\u01a1\u01af\u01b0\u1ea0-\u1ef9]/;
const BEYOND_ASCII = /[\u0080-\uffff]/;
/** Decoded text so long must show Vietnamese words. */
const LONG = 200;

/** Where the bytes of a page were decoded from TCVN3, its fonts still tell the capitals. */
export function capitalizeFonts(root: Element): void {
  for (const { node, font } of textInFonts(root)) if (font.isCapital) node.data = node.data.toUpperCase();
}

/**
 * Decodes the text that stands in such fonts, in the tree. Pages whose text was converted since are left alone.
 * @returns how many pieces of text were decoded
 */
export function decodeFonts(root: Element): number {
  const pieces = textInFonts(root);
  const proper = pieces.filter(({ node }) => PROPER.test(node.data)).length;
  const decoded = pieces.flatMap(({ node, font }) => {
    const bytes = BEYOND_ASCII.test(node.data) || font.isCapital ? toBytes(node.data) : undefined;
    if (bytes === undefined || PROPER.test(node.data)) return [];
    const text = decodeLegacy(bytes, font.charset);
    if (font.charset !== 'tcvn3') return [{ node, text }];
    return [{ node, text: font.isCapital ? text.toUpperCase() : restoreWords(text) }];
  });
  if (decoded.length <= 2 * proper) return 0;
  const all = decoded.map(({ text }) => text).join(' ');
  if (all.length > LONG && tellingWords(all) === 0) return 0;
  for (const { node, text } of decoded) node.data = text;
  return decoded.length;
}

function textInFonts(root: Element): { readonly node: Node; readonly font: Font }[] {
  const byTagOrClass = new Map<string, Font>();
  const pieces: { node: Node; font: Font }[] = [];
  const open: (Font | 'other' | undefined)[] = [undefined];
  traverse(root, {
    enter(element) {
      if (element.name === 'script') return false;
      if (element.name === 'style') {
        readSheet(element.first?.data ?? '', byTagOrClass);
        return false;
      }
      const font = ownFont(element, byTagOrClass) ?? open.at(-1);
      open.push(font);
      if (font === undefined || font === 'other') return true;
      for (let node = element.first; node !== undefined; node = node.next) {
        if (node.name === '') pieces.push({ node, font });
      }
      return true;
    },
    leave() {
      open.pop();
    },
  });
  return pieces;
}

const MAX_STYLE = 500_000;
const RULE = /([^{}]{1,300})\{([^{}]{0,3000})\}/g;

function readSheet(sheet: string, byClass: Map<string, Font>): void {
  if (sheet.length > MAX_STYLE || !FONT.test(sheet)) return;
  for (const [, selectors, body] of sheet.matchAll(RULE)) {
    const font = fontNamed(/font(?:-family)?\s*:[^;]*/i.exec(body!)?.[0] ?? '');
    if (font === undefined) continue;
    for (const selector of selectors!.split(',')) {
      const name = /([a-z][\w-]*)?(\.[\w-]+)?\s*$/i.exec(selector.trim());
      const key = name?.[2] !== undefined ? name[2].toLowerCase() : (name?.[1] ?? '').toLowerCase();
      if (key !== '') byClass.set(key, font);
    }
  }
}

/** The font that an element chooses; `undefined` where it says nothing of one. */
function ownFont(element: Element, byTagOrClass: ReadonlyMap<string, Font>): Font | 'other' | undefined {
  if (element.carries(ATTRIBUTE.style | ATTRIBUTE.face)) {
    const style = /font-family\s*:[^;]*|font\s*:[^;]*/i.exec(element.attribute('style') ?? '')?.[0];
    const face = element.attribute('face') ?? style;
    if (face !== undefined) return fontNamed(face) ?? 'other';
  }
  if (byTagOrClass.size === 0) return undefined;
  for (const name of (element.attribute('class') ?? '').toLowerCase().split(/\s+/)) {
    const font = byTagOrClass.get(`.${name}`);
    if (font !== undefined) return font;
  }
  return byTagOrClass.get(element.name);
}
