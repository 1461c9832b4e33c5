/** A card as SVG: heading, name, lines and signature on a design. */
import { DESIGN, groundOf, HEIGHT, WIDTH } from './designs.ts';
import type { DesignName, Form } from './names.ts';

export interface Pictured {
  readonly heading: string;
  readonly name: string;
  readonly text: string;
  readonly signed: string;
  readonly form: Form;
  readonly seed: number;
}

/** By role; behind each what systems have that sets Vietnamese. */
export const FONTS = {
  heading: "'Dancing Script', 'Segoe Script', 'Noto Serif', 'DejaVu Serif', cursive",
  text: "Lora, 'Noto Serif', Georgia, 'DejaVu Serif', serif",
} as const;

/** Width of a letter in parts of the size, means over Vietnamese, rounded up: of our fonts, and of any that a system has. */
const LETTERS = { own: { text: 0.52, heading: 0.46 }, system: { text: 0.57, heading: 0.7 } };
const LARGEST = 50;
const HEADING = 84;
const LINE = 1.62;

/** @param face whose fonts it is set in: ours, where it becomes outlines; else those of whoever looks at it */
export function pictureOf(card: Pictured, design: DesignName, face: keyof typeof LETTERS = 'system'): string {
  const { heading, text, quiet, top, bottom, width } = DESIGN[design];
  const letter = LETTERS[face];
  const lines = linesOf(card, width, letter.text);
  const longest = Math.max(...lines.map(({ length }) => length), 1);
  const head = card.heading.length * letter.heading * HEADING <= width ? [card.heading] : halves(card.heading);
  const headSize = Math.min(HEADING, width / (Math.max(...head.map(({ length }) => length)) * letter.heading));
  const around = head.length * headSize * 1.15 + 60 + (card.name === '' ? 0 : 90) + (card.signed === '' ? 0 : 120);
  const size = Math.min(LARGEST, width / (longest * letter.text), (bottom - top - around) / (lines.length * LINE));
  // All of it stands in the middle of the room that the design leaves; each row's baseline under the one before.
  let y = top + (bottom - top - around - lines.length * size * LINE) / 2;
  const below = (by: number): number => {
    y += by;
    return y;
  };
  const parts = [
    ...head.map((line) => row(line, below(headSize * 1.15), headSize, heading, 'heading', 700)),
    ...(card.name === '' ? [] : [row(card.name, below(90), 40, quiet, 'text', 400, 'italic')]),
    ...lines.map((line, at) => row(line, below(at === 0 ? 60 + size : size * LINE), size, text, 'text', 400)),
    ...(card.signed === '' ? [] : [row(card.signed, below(110), 48, quiet, 'heading', 700)]),
  ];
  const label = escaped(`${card.heading}. ${card.text.replace(/\n/g, ' ')}`);
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${HEIGHT}" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${label}" lang="vi">${groundOf(design, card.seed)}${parts.join('')}</svg>\n`;
}

function row(
  text: string,
  y: number,
  size: number,
  color: string,
  font: keyof typeof FONTS,
  weight: number,
  style = 'normal',
): string {
  return `<text x="${WIDTH / 2}" y="${y.toFixed(1)}" text-anchor="middle" font-family="${FONTS[font]}" font-size="${size.toFixed(1)}" font-weight="${weight}" font-style="${style}" fill="${color}">${escaped(text)}</text>`;
}

/** Verse as it stands; prose in lines that fill the width. */
function linesOf({ form, text }: Pictured, width: number, letter: number): string[] {
  if (form !== 'prose') return text.split('\n');
  const most = Math.floor(width / (letter * (text.length > 420 ? 33 : 38)));
  return text.split('\n').flatMap((paragraph, at) => [...(at === 0 ? [] : ['']), ...wrapped(paragraph, most)]);
}

function wrapped(text: string, most: number): string[] {
  const lines = [''];
  for (const word of text.split(' ')) {
    const last = lines[lines.length - 1];
    if (last !== '' && last.length + 1 + word.length > most) lines.push(word);
    else lines[lines.length - 1] = last === '' ? word : `${last} ${word}`;
  }
  return lines;
}

/** At the space nearest to the middle. */
function halves(text: string): string[] {
  const spaces = [...text.matchAll(/ /g)].map(({ index }) => index);
  const middle = spaces.sort((a, b) => Math.abs(a - text.length / 2) - Math.abs(b - text.length / 2))[0];
  return middle === undefined ? [text] : [text.slice(0, middle), text.slice(middle + 1)];
}

const escaped = (text: string): string =>
  text.replace(/[&<>"]/g, (each) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[each]!);
