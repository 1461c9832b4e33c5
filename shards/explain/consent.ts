/** What follows from what publishers say about use, for people: the table in force, or what a document came with. */
import { type ConsentLine, consentLines } from '../../crawlers/polite/site-rules.ts';
import { formatTable } from '../../crawlers/shell/reporter.ts';

/** Statement → conclusion → effect; the last column says where it comes from. */
export const formatConsent = (lines: readonly ConsentLine[]): string =>
  formatTable([
    ['statement', 'conclusion', 'effect', 'why'],
    ...lines.map(({ statement, conclusion, effect, why }) => [statement, conclusion, effect, why]),
  ]);

/** Of the statements of a document (a line each), and of the one for which it was dropped. */
export function formatStatements(said: Readonly<Record<string, string>>, changes: readonly string[]): string {
  const decided = said.stage === 'consent' ? said.other : '';
  const statements = [...(said.consent_statements ?? '').split('\n'), decided].filter((each) => each !== '');
  if (statements.length === 0) return '';
  return `what its publisher says\n${formatConsent(consentLines(changes, [...new Set(statements)]))}`;
}
