/** What views are made of. */
import type { Kit } from '../view.ts';
import { el } from './dom.ts';

export const section: Kit['section'] = (title, ...children) => el('section', {}, el('h2', {}, title), ...children);

export const empty: Kit['empty'] = (text, hint) =>
  el('div', { class: 'empty' }, el('p', {}, text), hint === undefined ? undefined : el('p', { class: 'quiet' }, hint));

export const table: Kit['table'] = (head, rows, attributes = {}) =>
  el(
    'div',
    { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': head[0] || head[1] || 'table' },
    el(
      'table',
      attributes,
      el('thead', {}, el('tr', {}, ...head.map((name) => el('th', { scope: 'col' }, name)))),
      el(
        'tbody',
        {},
        ...rows.map((row) =>
          el('tr', {}, ...row.map((cell, i) => el(i === 0 ? 'th' : 'td', i === 0 ? { scope: 'row' } : {}, cell))),
        ),
      ),
    ),
  );
