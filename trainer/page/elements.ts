/** The few things that the page does with its document. */

/** @throws Error when the page has no such element: page and script do not belong together. */
export function find(id: string): HTMLElement;
export function find<E extends HTMLElement>(id: string, type: new () => E): E;
export function find(id: string, type: new () => HTMLElement = HTMLElement): HTMLElement {
  const found = document.getElementById(id);
  if (!(found instanceof type)) throw new Error(`the page has no ${id}`);
  return found;
}

export function element<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  attributes: Readonly<Record<string, string>> = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[Name] {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

/** Named figures for a `dl`. */
export const figures = (values: Readonly<Record<string, string>>): HTMLElement[] =>
  Object.entries(values).map(([name, value]) => element('div', {}, element('dt', {}, name), element('dd', {}, value)));
