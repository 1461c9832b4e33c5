/** The shell of the page: reads the address, lends a view its kit, and changes the address when it is asked to. */
import type { Draw, Kit, Query, Tongue } from '../view.ts';
import { drawBar, type Facts, showHelp } from './bar.ts';
import { empty, section, table } from './blocks.ts';
import { el, find, svg } from './dom.ts';
import { lines } from './lines.ts';
import { remembered, rememberTongue, tongueOf, wordsIn } from './words.ts';

let words = wordsIn(tongueOf());
let facts: Facts;
let shown = new AbortController();

/** JSON of an endpoint, or the error that it answers with. */
async function ask<T>(path: string, init: RequestInit = {}): Promise<T> {
  const response = await fetch(`/api/${path}`, { ...init, headers: { 'content-type': 'application/json' } });
  const answer = await response
    .json()
    .catch(() => ({ error: { message: `${response.status} ${response.statusText}` } }));
  if (answer.error) throw Object.assign(new Error(answer.error.message), { hint: answer.error.hint });
  return answer as T;
}

function queryString(query: Query): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const each of Array.isArray(value) ? value : [value]) {
      if (each !== undefined && each !== '') search.append(name, String(each));
    }
  }
  return search.toString();
}

const corpusNow = (): string | undefined => new URLSearchParams(location.search).get('corpus') ?? facts.corpora[0]?.id;
const viewNow = (): string => location.pathname.slice(1);

const kitOf = (): Kit => ({
  ...words,
  ...{ el, svg, section, table, empty, lines },
  get: (path, query = {}, signal) => ask(`${path}?${queryString({ corpus: corpusNow(), ...query })}`, { signal }),
  post: (path, body) =>
    ask(path, { method: 'POST', body: JSON.stringify({ corpus: corpusNow(), ...(body as object) }) }),
  link: (view, query = {}) => `/${view}?${queryString({ corpus: corpusNow(), ...query })}`,
  go(query, view = viewNow(), replaces = false) {
    const address = `/${view}?${queryString({ corpus: corpusNow(), ...query })}`;
    history[replaces ? 'replaceState' : 'pushState']({}, '', address);
    void draw(replaces || view === viewNow());
  },
});

/** Draws what the address says; until it is there, what was there before stays. */
async function draw(keepsPlace = false): Promise<void> {
  shown.abort();
  shown = new AbortController();
  const { signal } = shown;
  const name = viewNow();
  const query = new URLSearchParams(location.search);
  const place = find('view');
  find('problem').hidden = true;
  const slow = setTimeout(() => place.setAttribute('aria-busy', 'true'), 150);
  try {
    if (facts.corpora.length === 0)
      throw new Error(words.say('There are no documents in this folder.', 'Thư mục này chưa có tài liệu.'));
    const { default: view } = (await import(`/page/${name}.js`)) as { default: Draw };
    const into = el('div', { class: `view ${name}` });
    const held = holding(place);
    await view(into, query, kitOf(), signal);
    if (signal.aborted) return;
    place.replaceChildren(into);
    if (keepsPlace) held();
    else scrollTo(0, 0);
  } catch (error) {
    if (!signal.aborted) showProblem(error as Error & { hint?: string });
  } finally {
    clearTimeout(slow);
    if (!signal.aborted) {
      place.removeAttribute('aria-busy');
      drawBar(find('bar'), facts, { name, corpus: corpusNow(), kit: kitOf(), speak });
      document.title = `${facts.views.find((each) => each.name === name)?.title[words.tongue] ?? name} · Vựa`;
    }
  }
}

/** Where the reader was: the field that has the focus, what was typed into it. */
function holding(place: HTMLElement): () => void {
  return () => {
    const active = lastFocus;
    if (active === undefined || !active.id) return;
    const again = place.querySelector<HTMLElement>(`[id="${CSS.escape(active.id)}"]`);
    if (again instanceof HTMLInputElement && active instanceof HTMLInputElement && again !== active) {
      if (again.type === 'search' || again.type === 'text') {
        again.value = active.value;
        again.setSelectionRange(active.selectionStart, active.selectionEnd);
      }
    }
    again?.focus({ preventScroll: true });
  };
}
let lastFocus: HTMLElement | undefined;
addEventListener('focusin', ({ target }) => {
  lastFocus = target as HTMLElement;
});
addEventListener('pointerdown', () => {
  lastFocus = undefined;
});

function showProblem({ message, hint }: Error & { hint?: string }): void {
  const problem = find('problem');
  problem.hidden = false;
  problem.replaceChildren(el('p', {}, message), ...(hint ? [el('p', { class: 'quiet' }, hint)] : []));
  find('view').replaceChildren();
}

function speak(tongue: Tongue): void {
  words = wordsIn(tongue);
  rememberTongue(tongue);
  document.documentElement.lang = tongue;
  void draw(true);
}

/** Links within the page change the address alone. */
document.addEventListener('click', (event) => {
  const link = (event.target as Element).closest('a');
  if (!link || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || link.target) return;
  const { origin, pathname } = new URL(link.href);
  const isView = facts.views.some(({ name, isPage }) => isPage && pathname === `/${name}`);
  if (origin !== location.origin || !isView || event.defaultPrevented) return;
  event.preventDefault();
  const isSame = pathname === location.pathname;
  history.pushState({}, '', link.href);
  void draw(isSame && link.dataset.keep !== undefined);
});
addEventListener('popstate', () => void draw());

/** `1`…`9` views, `/` search, `j` `k` through a list, `?` help. */
document.addEventListener('keydown', (event) => {
  const { key, target } = event;
  const isTyping = target instanceof Element && target.matches('input:not([type=range]), select, textarea');
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (key === 'Escape' && isTyping) return (target as HTMLElement).blur();
  if (isTyping) return;
  const pages = facts.views.filter(({ isPage }) => isPage);
  if (/^[1-9]$/.test(key) && pages[Number(key) - 1]) kitOf().go({}, pages[Number(key) - 1].name);
  else if (key === '?') showHelp(find('help') as HTMLDialogElement, kitOf());
  else if (key === '/') document.querySelector<HTMLInputElement>('#view input[type=search], #view textarea')?.focus();
  else if (key === 'j' || key === 'k') step(key === 'j' ? 1 : -1);
  else return;
  event.preventDefault();
});

function step(by: number): void {
  const items = [...document.querySelectorAll<HTMLElement>('#view [data-item]')];
  const at = items.findIndex((item) => item.contains(document.activeElement));
  const next = items[at < 0 ? (by > 0 ? 0 : items.length - 1) : Math.min(items.length - 1, Math.max(0, at + by))];
  next?.focus();
  next?.scrollIntoView({ block: 'nearest' });
}

const theme = remembered('vua-theme');
if (theme) document.documentElement.dataset.theme = theme;
document.documentElement.lang = words.tongue;
try {
  const [{ views }, { corpora, dir }] = await Promise.all([
    ask<Pick<Facts, 'views'>>(''),
    ask<Pick<Facts, 'corpora' | 'dir'>>('corpora'),
  ]);
  facts = { views, corpora, dir };
  const query = new URLSearchParams(location.search);
  if (!query.has('corpus') && corpora.length > 0) {
    query.set('corpus', corpora[0].id);
    history.replaceState({}, '', `${location.pathname}?${query}`);
  }
  await draw();
} catch (error) {
  showProblem(error as Error);
}
