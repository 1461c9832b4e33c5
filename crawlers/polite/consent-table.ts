/**
 * What follows from what publishers say about the use of their pages: one table, statement → conclusion → effect, which a
 * user may change row by row (`--consent noarchive=unknown`) and `vua explain` prints.
 */
import type { ConsentConclusion, ConsentTable } from '../page.ts';
import { badInput } from '../shell/errors.ts';

export interface ConsentRow {
  /** Its name, as it is given to `--consent`. */
  readonly statement: string;
  readonly conclusion: ConsentConclusion;
  /** Where it comes from, and why it means that. */
  readonly why: string;
}

const row = (statement: string, conclusion: ConsentConclusion, why: string): ConsentRow => ({
  statement,
  conclusion,
  why,
});

export const CONSENT_TABLE: readonly ConsentRow[] = [
  row('noai', 'no-train', 'robots meta tag and X-Robots-Tag (DeviantArt, 2022): not for training'),
  row('noml', 'no-train', 'the same in the words of a search engine (Mojeek, 2023)'),
  row('noarchive', 'no-train', 'no cached copy; since September 2023 also "not for training" to Bing'),
  row('nocache', 'no-train', 'since September 2023 title and snippet alone may train models (Bing)'),
  row('noindex', 'no-index', 'not to be found'),
  row('none', 'no-index', 'noindex and nofollow'),
  row('unavailable_after', 'no-index', 'in the past: as noindex (Google)'),
  row('tdm-reservation=1', 'no-train', 'TDMRep (W3C): rights of text and data mining are reserved'),
  row('tdm-reservation=0', 'open', 'TDMRep: they are not'),
  row('ai-train=n', 'no-train', 'Content-Signal'),
  row('ai-train=y', 'open', 'Content-Signal'),
  row('ai-input=n', 'unknown', 'Content-Signal: speaks of answers (grounding), not of training'),
  row('ai-input=y', 'unknown', 'Content-Signal: the same'),
  row('train-ai=n', 'no-train', 'AIPREF: training of AI'),
  row('train-ai=y', 'open', 'AIPREF'),
  row('train-genai=n', 'no-train', 'AIPREF: training of generative AI'),
  row('train-genai=y', 'open', 'AIPREF'),
  row('genai=n', 'no-train', 'AIPREF, an older name'),
  row('genai=y', 'open', 'AIPREF, an older name'),
  row('ai=n', 'no-train', 'AIPREF: all that is AI'),
  row('ai=y', 'open', 'AIPREF'),
  row('tdm=n', 'no-train', 'AIPREF: text and data mining'),
  row('tdm=y', 'open', 'AIPREF'),
  row('bots=n', 'no-train', 'AIPREF: all automated use'),
  row('bots=y', 'open', 'AIPREF'),
  row('search=n', 'no-index', 'Content-Signal, AIPREF'),
  row('search=y', 'unknown', 'speaks of search alone'),
  row('ai.txt=disallow', 'no-train', 'ai.txt (Spawning) forbids the path'),
  row('ai.txt=allow', 'open', 'ai.txt allows it'),
  row(
    'ai-crawler=disallow',
    'no-train',
    'robots.txt or ai.txt forbids the page to a crawler that gathers for training, by its name',
  ),
  row('ai-crawler=noindex', 'no-train', 'noindex, none, noai and the like, to such a crawler by its name'),
];

/** What becomes of a page. */
export const CONSENT_EFFECTS: Readonly<Record<ConsentConclusion, string>> = {
  'no-train': 'archived with what was said; no document, and documents of before leave',
  'no-index': 'the same',
  open: 'kept where it passes the filters',
  unknown: 'stored beside the document; kept where it passes the filters',
};

const DEFAULTS: ConsentTable = new Map(CONSENT_TABLE.map(({ statement, conclusion }) => [statement, conclusion]));

/** `ai-train=no` → `ai-train=n` */
export const normalAnswer = (statement: string): string =>
  statement
    .toLowerCase()
    .trim()
    .replace(
      /^((?!tdm-reservation)[\w-]+)\s*=\s*["?]*(?:(no?|0)|(y|yes|1))["]*$/,
      (_all, use: string, no: string | undefined) => `${use}=${no === undefined ? 'y' : 'n'}`,
    );

/**
 * The table with rows of the user's: `noarchive=unknown`, `ai-input=no=no-train`.
 * @throws ToolkitError BAD_OPTION (exit 2)
 */
export function consentTable(changes: readonly string[] = []): ConsentTable {
  if (changes.length === 0) return DEFAULTS;
  const table = new Map(DEFAULTS);
  for (const change of changes) {
    const [, left = '', conclusion = ''] = /^(.*)=\s*([\w-]+)\s*$/s.exec(change) ?? [];
    const statement = normalAnswer(left);
    if (!table.has(statement) || !(conclusion in CONSENT_EFFECTS)) {
      throw badInput(
        'BAD_OPTION',
        `--consent ${JSON.stringify(change)}: expected STATEMENT=${Object.keys(CONSENT_EFFECTS).join('|')}, statements: ${[...table.keys()].join(', ')}`,
        'for example --consent noarchive=unknown; `vua explain` prints the table',
      );
    }
    table.set(statement, conclusion as ConsentConclusion);
  }
  return table;
}

/** Crawlers that gather text for the training of models, or names that stand for that use, in lower case. */
export const AI_CRAWLERS: ReadonlySet<string> = new Set(
  `ai2bot ai2bot-dolma amazonbot anthropic-ai applebot-extended bytespider ccbot claudebot claude-web cohere-ai
   cohere-training-data-crawler deepseekbot diffbot facebookbot google-cloudvertexbot google-extended gptbot icc-crawler
   imagesiftbot img2dataset kangaroobot kangaroo meta-externalagent omgili omgilibot panguBot petalbot sbintuitionsbot
   timpibot velenpublicwebcrawler webzio-extended youbot`
    .toLowerCase()
    .split(/\s+/),
);
