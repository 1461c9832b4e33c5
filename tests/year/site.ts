/**
 * A small web that lives from night to night, from one seed: pages come, change, vanish, are copied by other hosts, are
 * hacked for a night. It knows what a corpus of it must hold.
 */
import { randomOf } from '../crash/states.ts';
import type { Answer, Handler, Sites } from '../crawlers/web.ts';

export const HOSTS = ['bao.vua.test', 'tin.vua.test', 'xa.vua.test'] as const;
/** A host with a page every other night, that is taken down whole. */
export const SMALL_HOST = 'blog.vua.test';
const WEEK = 7;

export interface YearPage {
  readonly number: number;
  readonly host: string;
  readonly bornAt: number;
  /** Of another page, whose words it has but for a few. */
  readonly copyOf?: YearPage;
  /** What its text follows from. */
  version: number;
  /** Night of its last change. */
  changedAt: number;
  isGone: boolean;
  /** Since the last night it says something in another language. */
  isHacked: boolean;
  /** Versions that an operator turned away. */
  readonly refused: Set<number>;
}

export interface Habits {
  readonly pages: number;
  readonly changed: number;
  readonly vanished: number;
  /** Share of new pages that are copies of a page of the last week. */
  readonly copied: number;
}

const SYLLABLES = (
  'nước nhà sông núi biển trời đất người làng phố chợ đường xe thuyền sách trường thầy bạn mẹ cha anh chị em ông bà ' +
  'và của là một những các được trong ngoài trên dưới khi nào đã đang sẽ rồi cũng đều hay lại ra vào lên xuống sáng ' +
  'chiều tối mưa nắng gió lúa vườn cây hoa quả cá tôm gạo muối bếp lửa áo khăn nón giày bàn ghế cửa sân ngõ cầu đò ' +
  'kể nói nghe nhìn thấy biết nhớ quên thương giận vui buồn đi về đến ở ăn uống ngủ thức làm học viết đọc hát múa mua ' +
  'bán trồng hái gặt phơi xây dựng mở đóng chở kéo đẩy lớn nhỏ cao thấp dài ngắn mới cũ xanh đỏ vàng trắng đen thơm'
).split(' ');
const ENGLISH = (
  'the best online offers and bonus games for every player who likes to win big prizes with friends at home or on the ' +
  'road because our team brings fresh rewards each day while support answers all questions about deposits and payments'
).split(' ');

const SENTENCES = 16;
const WORDS_A_SENTENCE = 12;

function sentencesOf(words: readonly string[], seed: number): string[] {
  const random = randomOf(seed);
  return Array.from({ length: SENTENCES }, () => {
    const own = Array.from({ length: WORDS_A_SENTENCE }, () => words[Math.floor(random() * words.length)]).join(' ');
    return `${own[0].toUpperCase()}${own.slice(1)}.`;
  });
}

const seedOf = ({ number }: YearPage, version: number): number => 1_000_003 * (number + 1) + version;

/** Paragraphs of a page. */
export function textOf(page: YearPage, version = page.version): string[] {
  const sentences = sentencesOf(SYLLABLES, seedOf(page.copyOf ?? page, version));
  if (page.copyOf !== undefined) sentences[3] = `Theo báo bạn số ${page.number} hôm nay.`;
  return [0, 4, 8, 12].map((at) => sentences.slice(at, at + 4).join(' '));
}

const hackedText = (page: YearPage): string[] => [sentencesOf(ENGLISH, seedOf(page, 0)).join(' ')];

export class Site {
  readonly pages: YearPage[] = [];
  night = 0;
  isDown = false;
  readonly #habits: Habits;
  readonly #random;
  readonly #now: () => number;

  constructor(seed: number, habits: Habits, now: () => number) {
    this.#habits = habits;
    this.#random = randomOf(seed);
    this.#now = now;
  }

  urlOf = ({ host, number }: YearPage): string => `http://${host}/bai-${number}`;

  /** Pages that the sitemaps list. */
  get recent(): YearPage[] {
    const { pages } = this;
    const first = pages.findIndex(({ bornAt }) => bornAt > this.night - WEEK);
    return first < 0 ? [] : pages.slice(first);
  }

  /** A night passes. `isBad`: all that comes or changes is in another language, until the next one. */
  turn({ isBad = false } = {}): void {
    const { pages, changed, vanished, copied } = this.#habits;
    this.night++;
    const recent = this.recent.filter(({ isGone }) => !isGone);
    for (const page of recent) if (page.isHacked) this.#change(page);
    for (const page of recent) {
      if (this.#chance(vanished)) Object.assign(page, { isGone: true, changedAt: this.night });
      else if (this.#chance(changed) && page.copyOf === undefined) this.#change(page);
    }
    const originals = recent.filter(({ copyOf, host }) => copyOf === undefined && host !== SMALL_HOST);
    for (let i = 0; i < pages; i++) this.#add(HOSTS[i % HOSTS.length], isBad, this.#chance(copied) ? originals : []);
    if (this.night % 2 === 1) this.#add(SMALL_HOST, isBad, []);
  }

  #chance = (share: number): boolean => this.#random() < share;

  #change(page: YearPage): void {
    Object.assign(page, { version: page.version + 1, changedAt: this.night, isHacked: false });
  }

  #add(host: string, isHacked: boolean, originals: readonly YearPage[]): void {
    const others = originals.filter((page) => page.host !== host);
    const copyOf = isHacked ? undefined : others[Math.floor(this.#random() * others.length)];
    this.pages.push({
      ...{ number: this.pages.length, host, bornAt: this.night, copyOf, version: copyOf?.version ?? 0 },
      ...{ changedAt: this.night, isGone: false, isHacked, refused: new Set<number>() },
    });
  }

  /** What `startWeb` serves. */
  get routes(): Sites {
    return Object.fromEntries(
      [...HOSTS, SMALL_HOST].map((host) => [
        host,
        {
          '/': this.#unlessDown(() => ({ body: '<!doctype html><title>Báo</title><p>Trang đầu.' })),
          '/robots.txt': this.#unlessDown(() => robots(host)),
          '/sitemap.xml': this.#unlessDown(() => this.#sitemap(host)),
          '*': this.#unlessDown((path, tag) => this.#answer(host, path, tag)),
        },
      ]),
    );
  }

  /** A host that is down hangs up. */
  #unlessDown(make: (path: string, tag: string | undefined) => Answer): Handler {
    return ({ path, headers }, response) => {
      if (!this.isDown) return make(path, headers['if-none-match']);
      response.destroy();
      return undefined;
    };
  }

  #sitemap(host: string): Answer {
    const hours = 3_600_000;
    const dateOf = ({ changedAt, bornAt }: YearPage): string => {
      if (changedAt === bornAt) return '';
      const date = new Date(this.#now() - hours - (this.night - changedAt) * 24 * hours);
      return `<lastmod>${date.toISOString()}</lastmod>`;
    };
    const entries = this.recent
      .filter((page) => page.host === host)
      .map((page) => `<url><loc>${this.urlOf(page)}</loc>${dateOf(page)}</url>`);
    const body = `<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">${entries.join('')}</urlset>`;
    return { headers: { 'content-type': 'application/xml' }, body };
  }

  #answer(host: string, path: string, asked: string | undefined): Answer {
    const page = this.pages[Number(/^\/bai-(\d+)$/.exec(path)?.[1] ?? -1)];
    if (page === undefined || page.host !== host || page.isGone) return { status: 404 };
    const etag = `"${page.version}${page.isHacked ? 'h' : ''}"`;
    if (asked === etag) return { status: 304, headers: { etag } };
    const paragraphs = (page.isHacked ? hackedText(page) : textOf(page)).map((text) => `<p>${text}</p>`).join('');
    const title = (page.isHacked ? hackedText(page) : textOf(page)).join(' ').split(' ').slice(-8).join(' ');
    return {
      headers: { etag },
      body: `<!doctype html><html lang="vi"><title>${title}</title><article><h1>${title}</h1>${paragraphs}</article>`,
    };
  }
}

const robots = (host: string): Answer => ({
  headers: { 'content-type': 'text/plain' },
  body: `User-agent: *\nAllow: /\nSitemap: http://${host}/sitemap.xml\n`,
});
