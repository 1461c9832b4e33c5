/**
 * Well-known sources of Vietnamese text: where a crawl begins, what of them is text, and what is known of its use. Rights
 * are a class, not a licence: what hosts and pages state is read and kept by every crawl, and decides.
 */
import { badInput } from './shell/errors.ts';

/**
 * `free`: a free licence that asks for attribution. `official`: documents of law and of the state, which the law on
 * intellectual property leaves free (article 15). `reserved`: all rights are with the publisher. `authors`: with those
 * who wrote there, who have not been asked.
 */
export type Rights = 'free' | 'official' | 'reserved' | 'authors';

export interface Preset {
  readonly name: string;
  readonly title: string;
  readonly rights: Rights;
  readonly seeds: readonly string[];
  /** Patterns behind host names (polite/paths.ts); without any all of the hosts is open. */
  readonly allowPath: readonly string[];
  readonly denyPath: readonly string[];
  /** What whoever uses it should know. */
  readonly note: string;
  /** Where the text stands, and what stands beside it. */
  readonly extraction: string;
}

const preset = (name: string, title: string, rights: Rights, host: string, more: Partial<Preset>): Preset => ({
  ...{ name, title, rights, seeds: [`https://${host}/`], allowPath: [], denyPath: [], note: '', extraction: '' },
  ...more,
});

const RESERVED = 'read the terms of use before you share what comes of it; many publishers state "not for training"';
const news = (name: string, title: string, host: string, more: Partial<Preset> = {}): Preset =>
  preset(name, title, 'reserved', host, {
    denyPath: ['tim-kiem', 'search', 'video', 'podcast', 'rss'].map((path) => `${host}/${path}`),
    note: RESERVED,
    extraction: 'headline, lead (sapo) and paragraphs; teasers of other articles and captions stand between them',
    ...more,
  });
const wiki = (name: string, title: string, host: string): Preset =>
  preset(name, title, 'free', host, {
    seeds: [`https://${host}/wiki/Trang_Ch%C3%ADnh`],
    allowPath: [`${host}/wiki/`],
    denyPath: ['Đặc_biệt:', 'Thảo_luận', 'Thành_viên:', 'Tập_tin:', 'MediaWiki:', 'Bản_mẫu:', 'Wikipedia:', '*?'].map(
      (page) => `${host}/wiki/${page}`,
    ),
    note: 'CC BY-SA 4.0; the dump (dumps.wikimedia.org) is kinder to its servers and complete: vua run --input viwiki-latest-pages-articles.xml.bz2',
    extraction: '#mw-content-text; edit links, references and boxes at the end are left out',
  });
const forum = (name: string, title: string, host: string, threads: readonly string[]): Preset =>
  preset(name, title, 'authors', host, {
    allowPath: [`${host}/$`, ...threads.map((path) => `${host}/${path}`)],
    denyPath: ['*/latest', '*/unread', '*/reactions', '*/reply', '*#', 'members/', 'login', 'register'].map(
      (path) => `${host}/${path}`,
    ),
    note: 'posts are personal: keep --pii on, and share no raw text',
    extraction: 'a page is many posts; quotes of earlier ones and signatures repeat',
  });
const law = (name: string, title: string, host: string, more: Partial<Preset> = {}): Preset =>
  preset(name, title, 'official', host, {
    note: 'documents are free, forewords and indexes of the site may not be; much is PDF alone',
    extraction: 'tables of the head (issuer, number, date) and numbered articles',
    ...more,
  });

export const PRESETS: readonly Preset[] = [
  wiki('wikipedia', 'Wikipedia tiếng Việt', 'vi.wikipedia.org'),
  wiki('wikisource', 'Wikisource tiếng Việt', 'vi.wikisource.org'),
  wiki('wikibooks', 'Wikibooks tiếng Việt', 'vi.wikibooks.org'),
  wiki('wikivoyage', 'Wikivoyage tiếng Việt', 'vi.wikivoyage.org'),
  news('vnexpress', 'VnExpress', 'vnexpress.net'),
  news('tuoitre', 'Tuổi Trẻ', 'tuoitre.vn'),
  news('thanhnien', 'Thanh Niên', 'thanhnien.vn'),
  news('dantri', 'Dân trí', 'dantri.com.vn'),
  news('vietnamnet', 'VietNamNet', 'vietnamnet.vn'),
  news('laodong', 'Lao Động', 'laodong.vn'),
  news('tienphong', 'Tiền Phong', 'tienphong.vn'),
  news('nhandan', 'Nhân Dân', 'nhandan.vn'),
  news('vietnamplus', 'VietnamPlus', 'www.vietnamplus.vn'),
  news('vov', 'VOV', 'vov.vn'),
  news('sggp', 'Sài Gòn Giải Phóng', 'www.sggp.org.vn'),
  news('baochinhphu', 'Báo điện tử Chính phủ', 'baochinhphu.vn'),
  law('congbao', 'Công báo', 'congbao.chinhphu.vn'),
  law('vanban', 'Hệ thống văn bản Chính phủ', 'vanban.chinhphu.vn'),
  law('vbpl', 'Cơ sở dữ liệu quốc gia về pháp luật', 'vbpl.vn'),
  forum('voz', 'VOZ', 'voz.vn', ['f/', 't/']),
  forum('tinhte', 'Tinh tế', 'tinhte.vn', ['forums/', 'thread/', 'threads/']),
  forum('otofun', 'OTOFUN', 'www.otofun.net', ['forums/', 'threads/']),
];

/** @throws ToolkitError BAD_OPTION (exit 2): no such preset */
export function presetNamed(name: string): Preset {
  const found = PRESETS.find((each) => each.name === name);
  if (found !== undefined) return found;
  const names = PRESETS.map((each) => each.name).join(', ');
  throw badInput(
    'BAD_OPTION',
    `preset ${JSON.stringify(name)}: expected one of ${names}`,
    '--preset list tells of them',
  );
}

/** What whoever takes it is told. @throws ToolkitError BAD_OPTION (exit 2): no such preset */
export function presetNote(name: string): string {
  const { title, rights, note } = presetNamed(name);
  return `${title} (rights: ${rights}): ${note}`;
}
