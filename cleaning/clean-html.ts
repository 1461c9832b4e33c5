/** One page by itself, without a memory of others: what a program asks for that has a page and wants its text. */
import xxhash from 'xxhash-wasm';
import { pageOf } from '../crawlers/page.ts';
import { consentOfPage } from '../crawlers/polite/site-rules.ts';
import type { Measurements, Stage } from './document.ts';
import { answer, workSettings } from './engine/work.ts';
import { type Recipe, recipeOf } from './recipe.ts';

export interface CleanHtmlOptions extends Partial<Recipe> {
  /** Of the page. */
  readonly url?: string;
  /** Of the answer, names in lower case: what `x-robots-tag` and `content-type` say counts. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** What decided against a page: the rule's reason, what was measured, and where the threshold stands. */
export interface HtmlDecision {
  readonly stage: Stage;
  readonly reason: string;
  readonly value: number;
  readonly threshold: number;
}

export interface CleanedHtml {
  /** Main text, normalised, personal data as tags; of a page that is dropped as far as it was read. */
  readonly text: string;
  readonly title: string;
  /** ISO 639-3; empty where the page was not read so far. */
  readonly language: string;
  readonly isKept: boolean;
  /** Empty when it is kept. */
  readonly decisions: readonly HtmlDecision[];
  /** By name, absent where the page was not read so far. */
  readonly measurements?: Measurements;
}

const opened = xxhash();

/**
 * Cleans one page as `vua clean` would, duplicates and lines that a host repeats aside.
 *
 *   const { text, title, isKept, decisions } = await cleanHtml(html, { url: 'https://bao.example/1' });
 *
 * @param html a string, or bytes whose encoding is found
 * @throws ToolkitError BAD_THRESHOLD (exit 2)
 */
export async function cleanHtml(html: string | Uint8Array, options: CleanHtmlOptions = {}): Promise<CleanedHtml> {
  const { url = 'about:blank', headers = {}, ...said } = options;
  const page = pageOf(url, html);
  const text = typeof html === 'string' ? html : new TextDecoder('latin1').decode(html);
  const consent = consentOfPage(headers, text);
  const type = headers['content-type'];
  const asked = { ...page, ...(type !== undefined && { headers: { 'content-type': type } }), consent };
  const found = answer(asked, workSettings({ ...recipeOf(said), contamination: [], scorers: [] }), await opened);
  if ('refused' in found) {
    const { stage, reason, value, threshold, title, text: excerpt } = found.refused;
    return { text: excerpt, title, language: '', isKept: false, decisions: [{ stage, reason, value, threshold }] };
  }
  const { read, assessment } = found;
  const { judgement, measurements, language } = assessment;
  const isKept = judgement === true;
  const decisions = isKept ? [] : [{ stage: judgement.stage, ...judgement.verdict }];
  return { text: assessment.text, title: read.title, language: language.code, isKept, decisions, measurements };
}
