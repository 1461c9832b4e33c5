/** The tree of a page as extraction reads it: elements and text, linked both ways, attributes taken apart when asked. */
import { decodeHTML } from 'entities';
import { ATTRIBUTE, type AttributeName, attributesOf, valueIn } from './attributes.ts';
import { type Tag, TEXT } from './tags.ts';

export class Node {
  readonly tag: Tag;
  /** Text with its references decoded (fonts.ts may decode it further); of an element the source of its attributes. */
  data: string;
  readonly parent: Element | undefined;
  previous: Node | undefined;
  next: Node | undefined;
  first: Node | undefined;
  last: Node | undefined;
  /** Bits of ATTRIBUTE; -1 before anybody asked. */
  #carries = -1;

  constructor(tag: Tag, data: string, parent: Element | undefined) {
    this.tag = tag;
    this.data = data;
    this.parent = parent;
    if (parent === undefined) return;
    this.previous = parent.last;
    if (parent.last === undefined) parent.first = this;
    else parent.last.next = this;
    parent.last = this;
  }

  /** Lower-case tag name; empty for text. */
  get name(): string {
    return this.tag.name;
  }

  /** Whether it carries one of the attributes, as bits. */
  carries(attributes: number): boolean {
    if (this.data === '') return false;
    if (this.#carries < 0) this.#carries = attributesOf(this.data);
    return (this.#carries & attributes) !== 0;
  }

  /** From now on no reader sees it. */
  hide(): void {
    this.data = 'hidden';
    this.#carries = -1;
  }

  /** Value of an attribute, empty when it has none; `undefined` when the element does not carry it. */
  attribute(name: AttributeName): string | undefined {
    const bit = ATTRIBUTE[name];
    return this.carries(bit) ? decodeText(valueIn(this.data, bit)) : undefined;
  }
}

/** A node with a name. */
export type Element = Node;

/** An anchor that leads nowhere marks a place: it is no link. */
export const isLink = (element: Element): boolean => element.name === 'a' && element.carries(ATTRIBUTE.href);

export interface Visitor {
  /** Return false to skip the element's children (`leave` is then not called). */
  enter(element: Element): boolean;
  /** Return false to end the visit. */
  text?(data: string): unknown;
  leave?(element: Element): void;
}

/** Visits everything below `root` in document order; no recursion, so nesting costs no stack. */
export function traverse(root: Element, { enter, text, leave }: Visitor): void {
  let node = root.first;
  while (node !== undefined) {
    if (node.tag === TEXT) {
      if (text?.(node.data) === false) return;
    } else if (enter(node)) {
      if (node.first !== undefined) {
        node = node.first;
        continue;
      }
      leave?.(node);
    }
    while (node.next === undefined) {
      const parent: Element = node.parent!;
      if (parent === root) return;
      leave?.(parent);
      node = parent;
    }
    node = node.next;
  }
}

/** All text below an element; none where that is longer than `most` characters. */
export function textBelow(element: Element, most = Number.POSITIVE_INFINITY): string {
  let text = '';
  const enter = ({ name }: Element): boolean => name !== 'script' && name !== 'style' && name !== 'svg';
  const append = (data: string): boolean => {
    text += data;
    return text.length <= most;
  };
  traverse(element, { enter, text: append });
  return text.length <= most ? text : '';
}

export const oneLine = (text: string): string => text.replace(/\s+/g, ' ').trim();

/** `&amp;`, `&#7871;`: most text has none. */
export const decodeText = (text: string): string => (text.includes('&') ? decodeHTML(text) : text);
