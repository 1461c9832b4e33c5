/**
 * What can be said of a page by itself, without asking what came before it: pure functions of a page and settings, so
 * that any number of workers gives the same answer.
 *
 *   readPage    consent, decode, extract, normalise       → text, or the reason why not
 *   assess      identify, measure, filter, personal data  → verdict, and the keys that dedup asks for
 *   answer      both, for a page that may break either
 *   answerAny   the same, of files of programs as well
 */

import type { XXHashAPI } from 'xxhash-wasm';
import type { Page } from '../../crawlers/page.ts';
import { type ContaminationIndex, contaminationOf, readContaminationIndex } from '../benchmarks/contamination.ts';
import { isBinary, type Opened, openFile } from '../binary/open.ts';
import type { Level, ParagraphRule, ToneStyle } from '../choices.ts';
import { restoreCapitals } from '../decode/capitals.ts';
import { decode } from '../decode/charset.ts';
import type { LegacyCharset } from '../decode/legacy.ts';
import { withoutMachinery } from '../decode/markdown.ts';
import { lostShare, repairHalfDecoded, repairMojibake } from '../decode/mojibake.ts';
import { decodeReferences, decodeViqr } from '../decode/written-marks.ts';
import { exactBytes } from '../dedup/exact.ts';
import { type Fingerprint, fingerprint, NO_FINGERPRINT, withoutTitle } from '../dedup/near.ts';
import {
  CUTS,
  type Cuts,
  type Drop,
  figuresOf,
  type Measurements,
  type Metadata,
  PERSONAL_KINDS,
  REPAIRS,
  type Repairs,
  type Stage,
} from '../document.ts';
import type { Rejection } from '../filters/filter.ts';
import {
  type Judgement,
  judge,
  MAX_BYTES,
  MAX_UNDECODABLE,
  type Preset,
  type Thresholds,
  thresholdsOf,
} from '../filters/index.ts';
import { measure } from '../filters/measure.ts';
import { extract } from '../html/extract.ts';
import { NO_METADATA } from '../html/metadata.ts';
import { maskPersonalData } from '../pii.ts';
import { type Head, headsOf, scoresOf } from '../quality/scorer.ts';
import type { Recipe } from '../recipe.ts';
import { type Cut, cutOthers } from '../vietnamese/cuts.ts';
import { identify, identifyParagraphs, type Language } from '../vietnamese/language.ts';
import { readParagraphs, readSyllables } from '../vietnamese/lexicon.ts';
import { noRepairs, normalize } from '../vietnamese/normalize.ts';

export interface WorkSettings {
  readonly preset: Preset;
  readonly thresholds: Thresholds;
  readonly personalData: Level;
  readonly tones: ToneStyle;
  readonly paragraphs: ParagraphRule;
  /** Items of benchmarks to look for. */
  readonly contamination?: ContaminationIndex;
  /** Of scorers. */
  readonly heads: readonly Head[];
}

/** What a worker must be told: plain data. */
export interface EngineSettings extends Omit<Recipe, 'near' | 'dedupOrder' | 'passages'> {
  /** Files of benchmark items to flag. */
  readonly contamination: readonly string[];
  /** Files of scorers. */
  readonly scorers: readonly string[];
}

export const workSettings = (settings: EngineSettings): WorkSettings => ({
  preset: settings.preset,
  thresholds: thresholdsOf(settings.preset, settings.thresholds),
  personalData: settings.personalData,
  tones: settings.tones,
  paragraphs: settings.paragraphs,
  contamination: settings.contamination.length === 0 ? undefined : readContaminationIndex(settings.contamination),
  heads: headsOf(settings.scorers),
});

/** What of a page decides how it is read. */
export type PageToRead = Pick<Page, 'title' | 'headers' | 'body' | 'truncated' | 'wholeBytes' | 'consent'> & {
  /** Of a file of a program: what was found in it. */
  readonly opened?: Opened;
};

/** A page that was read: its text in one spelling, and what was done to it. */
export interface ReadPage extends Metadata {
  readonly text: string;
  /** Name of the encoding and how it was found. */
  readonly charset: string;
  readonly isHtml: boolean;
  readonly repairs: Readonly<Repairs>;
}

/** A page that goes no further than reading; what Drop has more, the caller knows. */
export type Refusal = Pick<Drop, 'stage' | 'reason' | 'value' | 'threshold' | 'title' | 'text' | 'charset'>;

export interface Assessment {
  /** Text with personal data replaced, as it is stored. */
  readonly text: string;
  readonly language: Language;
  readonly paragraphLanguages: string;
  readonly measurements: Measurements;
  readonly judgement: true | Judgement;
  readonly contamination: string;
  /** Signed 64-bit key of exact duplicates. */
  readonly key: bigint;
  /** Of near duplicates; empty when it was dropped. */
  readonly print: Fingerprint;
}

/** All that a page says by itself. */
export type Answer = { readonly refused: Refusal } | { readonly read: ReadPage; readonly assessment: Assessment };

/** The answer for a page of any kind: files of programs are opened first, by packages that take their time. */
export async function answerAny(page: PageToRead, settings: WorkSettings, hash: XXHashAPI): Promise<Answer> {
  try {
    return answer(await openedPage(page), settings, hash);
  } catch (error) {
    return failed(error);
  }
}

/** A file of a program as it can be read; every other page is given back. */
export async function openedPage(page: PageToRead): Promise<PageToRead> {
  if (!isBinary(page) || refusedByConsent(page) !== undefined || unfitToRead(page, MAX_BYTES.text)) return page;
  const opened = await openFile(page.body);
  // Markup under the name of a program: Word's "filtered HTML", reports of shops.
  return opened === undefined ? { ...page, headers: { ...page.headers, 'content-type': '' } } : { ...page, opened };
}

const failed = (error: unknown): Answer => {
  const text = error instanceof Error ? `${error.stack}` : String(error);
  return { refused: { stage: 'decode', reason: 'failed', value: 1, threshold: 0, title: '', text, charset: '' } };
};

/** A page that breaks the work itself becomes a drop as well: its night goes on, and the reject store tells why. */
export function answer(page: PageToRead, settings: WorkSettings, hash: XXHashAPI): Answer {
  try {
    const read = readPage(page, settings);
    return 'refused' in read ? read : { read, assessment: assess(read, settings, hash) };
  } catch (error) {
    return failed(error);
  }
}

/** Of a page that is refused unread the reject store keeps only its head. */
const EXCERPT = 2_000;

function readPage(
  page: PageToRead,
  { preset, tones }: Pick<WorkSettings, 'preset' | 'tones'>,
): ReadPage | { readonly refused: Refusal } {
  let title = '';
  let text = '';
  let charset = '';
  const refuse = (stage: Stage, { reason, value, threshold }: Rejection) => ({
    refused: { stage, reason, value, threshold, title, text, charset },
  });

  // consent
  const refusal = refusedByConsent(page);
  if (refusal !== undefined) return refuse('consent', refusal);

  title = page.title ?? '';
  const source = page.opened === undefined ? readBytes(page, preset) : readOpened(page.opened);
  [text, charset] = [source.text, source.charset];
  title ||= source.metadata.title;
  if (source.flaw !== undefined) return refuse(source.flaw.stage, source.flaw);

  // normalise
  if (source.legacy === 'tcvn3') [title, text] = [restoreCapitals(title), restoreCapitals(text)];
  const written = decodeViqr(text);
  const mended = repairMojibake(written.text);
  const lost = lostShare(mended.text);
  if (lost > MAX_UNDECODABLE) {
    text = mended.text;
    return refuse('decode', { reason: 'undecodable', value: lost, threshold: MAX_UNDECODABLE });
  }
  const half = repairHalfDecoded(mended.text);
  const { text: plain, references } = decodeReferences(half.text);
  if (written.isViqr) charset = 'viqr (words)';
  const spell = (line: string): string => (line === '' ? '' : normalize(repairLine(line), noRepairs(), tones));
  title = spell(title).replace(/\s+/g, ' ');
  const repairs: Repairs = {
    ...noRepairs(),
    charset: Number(source.legacy !== undefined || written.isViqr),
    mojibake: mended.lines + half.words + source.fonts,
    references,
  };
  text = normalize(plain, repairs, tones);
  const { metadata, isHtml } = source;
  return {
    ...metadata,
    title,
    author: spell(metadata.author),
    section: spell(metadata.section),
    text,
    charset,
    isHtml,
    repairs,
  };
}

/** Text as it was written, before it is normalised, or what of it tells why it goes no further. */
interface Source {
  readonly text: string;
  readonly charset: string;
  readonly isHtml: boolean;
  readonly metadata: Metadata;
  readonly legacy?: LegacyCharset;
  readonly fonts: number;
  readonly flaw?: Rejection & { readonly stage: Stage };
}

const NO_SOURCE: Source = { text: '', charset: '', isHtml: false, metadata: NO_METADATA, fonts: 0 };

function readOpened(opened: Opened): Source {
  if (!(opened instanceof Error)) {
    return {
      ...NO_SOURCE,
      text: opened.text,
      charset: 'file (content)',
      metadata: { ...NO_METADATA, ...opened.metadata },
    };
  }
  const { reason, value, threshold, message } = opened;
  const stage = reason === 'no_train' ? 'consent' : 'decode';
  return { ...NO_SOURCE, text: message, flaw: { stage, reason, value, threshold } };
}

function readBytes(page: PageToRead, preset: Preset): Source {
  const contentType = page.headers['content-type'];
  const isHtml = looksLikeHtml(page);
  const at = { ...NO_SOURCE, isHtml };
  const unfit = unfitToRead(page, isHtml ? MAX_BYTES.html : MAX_BYTES.text);
  if (unfit !== undefined) {
    const hasHead = unfit.reason === 'too_large' || unfit.reason === 'cut_short';
    const text = hasHead && !isBinary(page) ? decode(page.body.subarray(0, EXCERPT), contentType).text : '';
    return { ...at, text, flaw: { ...unfit, stage: 'decode' } };
  }
  const decoded = decode(page.body, contentType);
  const read = { ...at, charset: `${decoded.charset} (${decoded.decidedBy})`, legacy: decoded.legacy };
  const damage = undecodable(decoded.text);
  if (damage !== undefined)
    return { ...read, text: decoded.text.slice(0, EXCERPT), flaw: { ...damage, stage: 'decode' } };
  const text = MARKDOWN.test(contentType ?? '') ? withoutMachinery(decoded.text) : decoded.text;
  if (!isHtml) return { ...read, text };
  const { text: extracted, flaw, fonts, ...metadata } = extract(text, decoded.legacy);
  const shown = { ...read, text: extracted, fonts, metadata };
  if (flaw === undefined || (preset === 'keep-all' && extracted !== '')) return shown;
  return { ...shown, text: extracted === '' ? text.slice(0, EXCERPT) : extracted, flaw: { ...flaw, stage: 'extract' } };
}

export function assess(
  { text: read, title, repairs }: Pick<ReadPage, 'text' | 'title' | 'repairs'>,
  settings: WorkSettings,
  hash: XXHashAPI,
): Assessment {
  const whole = readLanguages(read);
  const { text, cuts } = settings.paragraphs === 'keep' ? { text: read, cuts: [] } : cutOthers(read, whole);
  const { syllables, language, byParagraph } = text === read ? whole : readLanguages(text);
  const masked = maskPersonalData(text, settings.personalData);
  const unmasked = {
    ...measure(text, syllables, language.diacritics === 'absent'),
    ...scoresOf(masked.text, settings.heads),
    ...figuresOf('repaired', REPAIRS, repairs),
    ...figuresOf('cut', CUTS, charactersOf(cuts)),
    language_score: language.score,
    vietnamese_para_frac: byParagraph.vietnameseFrac,
    ...figuresOf('masked', PERSONAL_KINDS, {}),
  };
  const judgement = judge(unmasked, settings.thresholds);
  const stored = masked.text === text ? syllables : readSyllables(masked.text);
  const body = withoutTitle(stored, title);
  return {
    text: masked.text,
    language,
    paragraphLanguages: byParagraph.runs,
    measurements:
      masked.text === text
        ? unmasked
        : { ...unmasked, ...figuresOf('masked', PERSONAL_KINDS, masked.counts), bytes: Buffer.byteLength(masked.text) },
    judgement,
    contamination: settings.contamination === undefined ? '' : contaminationOf(syllables, settings.contamination),
    key: BigInt.asIntN(64, hash.h64Raw(exactBytes(body))),
    print: judgement === true ? fingerprint(body) : NO_FINGERPRINT,
  };
}

/** The same of what is left of its text, when passages are cut that other documents say: it is read anew. */
export function withoutPassages(
  { text, measurements }: Assessment,
  left: string,
  title: string,
  settings: WorkSettings,
  hash: XXHashAPI,
): Assessment {
  const again = assess({ text: left, title, repairs: noRepairs() }, { ...settings, paragraphs: 'keep' }, hash);
  const before = Object.entries(measurements).filter(([name]) => /^(?:repaired|cut|masked)_/.test(name));
  const counted = { ...again.measurements, ...Object.fromEntries(before), cut_repeated: text.length - left.length };
  return { ...again, measurements: counted };
}

function readLanguages(text: string) {
  const { syllables, paragraphs } = readParagraphs(text);
  const byParagraph = identifyParagraphs(syllables, paragraphs, text);
  return { syllables, paragraphs, language: identify(syllables, text), byParagraph };
}

/** What `--paragraphs vietnamese` takes out of a page, in its order. */
export function cutsOf(page: PageToRead): readonly Cut[] {
  const read = readPage(page, { preset: 'keep-all', tones: 'keep' });
  return 'refused' in read ? [] : cutOthers(read.text, readLanguages(read.text)).cuts;
}

function charactersOf(cuts: readonly Cut[]): Partial<Cuts> {
  const counts: Partial<Cuts> = {};
  for (const { reason, text } of cuts) counts[reason] = (counts[reason] ?? 0) + text.length;
  return counts;
}

function refusedByConsent({ consent }: PageToRead): Rejection | undefined {
  if (consent.conclusion === 'no-train') return { reason: 'no_train', value: 1, threshold: 0 };
  if (consent.conclusion === 'no-index') return { reason: 'no_index', value: 1, threshold: 0 };
  return undefined;
}

/** By its declared type; undeclared or plain text only when it opens like a document. */
export function looksLikeHtml({ headers, body }: Pick<PageToRead, 'headers' | 'body'>): boolean {
  const type = headers['content-type'] ?? '';
  if (/\b(?:x?html|xhtml\+xml)\b/i.test(type)) return true;
  if (type !== '' && !/^text\/plain/i.test(type)) return false;
  const head = Buffer.from(body.buffer, body.byteOffset, Math.min(body.byteLength, 512)).toString('latin1');
  return /^[^<]{0,16}<(?:!doctype\s+html|html|head|body)\b/i.test(head);
}

const MARKDOWN = /^text\/markdown/i;
const READABLE = /^(?:text\/|application\/(?:xhtml\+xml|xml)|$)/i;
const isReadable = (page: PageToRead): boolean => READABLE.test(page.headers['content-type'] ?? '') || isBinary(page);

function unfitToRead(page: PageToRead, maxBytes: number): Rejection | undefined {
  const { body, truncated, wholeBytes } = page;
  if (!isReadable(page)) return { reason: 'not_text', value: 0, threshold: 1 };
  if (wholeBytes !== undefined) return { reason: 'too_large', value: wholeBytes, threshold: maxBytes };
  if (body.byteLength === 0) return { reason: 'empty', value: 0, threshold: 1 };
  const { byteLength } = body;
  if (byteLength > maxBytes || (truncated && byteLength === maxBytes))
    return { reason: 'too_large', value: byteLength, threshold: maxBytes };
  // Its end never came: what stands there is a part of a page.
  if (truncated) return { reason: 'cut_short', value: byteLength, threshold: byteLength };
  return undefined;
}

function undecodable(text: string): Rejection | undefined {
  const lost = text.match(LOST)?.length ?? 0;
  const value = lost / Math.max(1, text.length);
  return value > MAX_UNDECODABLE ? { reason: 'undecodable', value, threshold: MAX_UNDECODABLE } : undefined;
}

/** Controls that no text holds, and what stands for bytes that fit no character. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what it looks for
const LOST = /[\0-\x08\x0e-\x1f\x7f\ufffd]/g;

const repairLine = (text: string): string => decodeReferences(repairMojibake(text).text).text;
