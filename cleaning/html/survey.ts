/**
 * Measures every block of a page: how much text it holds, how much of it stands in links, how much reads like prose.
 * Main content is then chosen by these numbers (extract.ts); nothing here looks at a language.
 */
import { type Element, isLink, traverse } from './dom.ts';
import { type Furniture, furnitureOf, isUnread } from './furniture.ts';

/** What a block holds. */
export interface Figures {
  /** Characters that are not space; those of them inside links; and the number of links. */
  text: number;
  linked: number;
  links: number;
  /** Runs of text that open with a link: entries of a list, headings of teasers. */
  entries: number;
  /** Headings that are links: those of teasers. */
  cards: number;
  /** Characters outside links, weighted by how much their run of text reads like prose. */
  prose: number;
  /** Characters of runs that are as long as a paragraph and end like a sentence. */
  sentences: number;
}

export interface Block {
  readonly element: Element;
  readonly parent: Block | undefined;
  /** Everything below the element. */
  readonly all: Figures;
  /** The same without boxes that were left out (extract.ts takes from it). */
  readonly left: Figures;
  /** What tag, role, class or id say of it. */
  readonly furniture: Furniture;
}

/** Text between two block borders. */
interface Run {
  text: number;
  linked: number;
  links: number;
  commas: number;
  /** Its first character stands in a link. */
  opensLinked: boolean;
  /** Its last character. */
  last: number;
}

/** A run of this many characters is a paragraph, not a label. */
export const MIN_PARAGRAPH = 60;
/** The link at the head of an entry has this many characters, if it is no heading. */
const MIN_ENTRY = 4;
/** A heading outweighs its length: the box that holds the headings is the box that holds the text. */
const HEADING_WEIGHT = 3;
const SENTENCE_WEIGHT = 0.7;
const LABEL_WEIGHT = 0.2;
const COMMA_BONUS = 0.05;
const MAX_COMMAS = 5;

/**
 * All blocks in document order, so that a parent stands before its children. `blocks[0]` is the whole page.
 * @param withoutEnds leaves what ends the page (its footer) out of the figures of the boxes around it
 */
export function survey(root: Element, readHidden: boolean, withoutEnds: boolean): Block[] {
  let block = newBlock(root, undefined);
  const blocks = [block];
  let run = newRun();
  let linkDepth = 0;
  const closeRun = (): void => {
    if (run.text === 0) return;
    const own = block.all;
    own.text += run.text;
    own.linked += run.linked;
    own.links += run.links;
    if (run.opensLinked && (run.linked >= MIN_ENTRY || block.element.tag.isHeading)) own.entries++;
    if (run.text >= MIN_PARAGRAPH && run.linked < run.text / 2 && ENDS_SENTENCE.has(run.last))
      own.sentences += run.text;
    if (block.element.tag.isHeading && run.linked === run.text && run.linked >= MIN_ENTRY) own.cards++;
    own.prose += proseOf(run, block.element.tag.isHeading);
    run = newRun();
  };
  traverse(root, {
    enter(element) {
      if (isUnread(element, readHidden)) return false;
      if (isLink(element)) {
        linkDepth++;
        run.links++;
      } else if (element.tag.isBlock) {
        closeRun();
        block = newBlock(element, block);
        blocks.push(block);
      }
      return true;
    },
    text(data) {
      for (let i = 0; i < data.length; i++) {
        const code = data.charCodeAt(i);
        if (code <= 0x20 || code === 0xa0) continue;
        if (run.text++ === 0) run.opensLinked = linkDepth > 0;
        if (linkDepth > 0) run.linked++;
        if (code === 0x2c) run.commas++;
        run.last = code;
      }
    },
    leave(element) {
      if (isLink(element)) linkDepth--;
      else if (element.tag.isBlock) {
        closeRun();
        block = block.parent!;
      }
    },
  });
  closeRun();
  for (const each of blocks) add(each.left, each.all);
  for (let i = blocks.length - 1; i > 0; i--) {
    const { parent, all, furniture } = blocks[i];
    if (!withoutEnds || furniture !== 'page end') add(parent!.all, all);
  }
  return blocks;
}

export function add(to: Figures, from: Figures): void {
  to.text += from.text;
  to.linked += from.linked;
  to.links += from.links;
  to.entries += from.entries;
  to.cards += from.cards;
  to.prose += from.prose;
  to.sentences += from.sentences;
}

const newRun = (): Run => ({ text: 0, linked: 0, links: 0, commas: 0, opensLinked: false, last: 0 });

const noFigures = (): Figures => ({ text: 0, linked: 0, links: 0, entries: 0, cards: 0, prose: 0, sentences: 0 });

const newBlock = (element: Element, parent: Block | undefined): Block => ({
  element,
  parent,
  all: noFigures(),
  left: noFigures(),
  furniture: parent === undefined ? 'none' : furnitureOf(element),
});

function proseOf({ text, linked, commas, last }: Run, isHeading: boolean): number {
  const plain = text - linked;
  if (linked > plain) return 0;
  if (isHeading) return plain * HEADING_WEIGHT;
  if (text >= MIN_PARAGRAPH) return plain * (1 + Math.min(commas, MAX_COMMAS) * COMMA_BONUS);
  return plain * (ENDS_SENTENCE.has(last) ? SENTENCE_WEIGHT : LABEL_WEIGHT);
}

const ENDS_SENTENCE: ReadonlySet<number> = new Set([...'.!?…:;"”»)।。'].map((character) => character.charCodeAt(0)));
