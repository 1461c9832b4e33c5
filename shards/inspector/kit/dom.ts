/** Elements, their text as text and nothing else: what a corpus says is never read as HTML. */
import type { Kit } from '../view.ts';

type Attributes = NonNullable<Parameters<Kit['el']>[1]>;
type Children = readonly (Node | string | undefined | readonly (Node | string | undefined)[])[];

function fill<E extends Element>(made: E, attributes: Attributes, children: Children): E {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') made.addEventListener(name.replace(/^on/, ''), value);
    else if (value !== undefined && value !== false) made.setAttribute(name, value === true ? '' : String(value));
  }
  made.append(...children.flat().filter((child) => child !== undefined));
  return made;
}

export const el = ((name, attributes = {}, ...children) =>
  fill(document.createElement(name), attributes, children)) as Kit['el'];

export const svg: Kit['svg'] = (name, attributes = {}, ...children) =>
  fill(document.createElementNS('http://www.w3.org/2000/svg', name), attributes, children);

/** @throws Error when the page has no such element: page and script do not belong together. */
export function find(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no ${id}`);
  return found;
}
