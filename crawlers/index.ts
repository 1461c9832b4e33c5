/**
 * The door of the crawlers: pages from the web, and from files.
 *
 *   import { crawl, openInput, pageOf } from 'vua/crawlers';
 */

export { crawl } from './crawl.ts';
export { CRAWL_DEFAULTS, type CrawlOptions, type Ending } from './options.ts';
export { CONSENT_UNKNOWN, type Consent, type Page, pageOf } from './page.ts';
export { type CrawlSummary, runCrawl } from './run-crawl.ts';
export { ToolkitError } from './shell/errors.ts';
export type { Outcome, Work } from './shell/work.ts';
export { type InputContext, openInput } from './sources/index.ts';
export type { CrawlStep } from './visit.ts';
