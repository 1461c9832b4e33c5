/** The language of --help: `--lang`, else that of the locale, as gettext looks for it. */
import { badInput } from './errors.ts';

/** A text of --help in the language that was asked for; one that is not translated stays as it is. */
export type Say = (english: string) => string;

export const LANGUAGES = ['en', 'vi'] as const;
export type Language = (typeof LANGUAGES)[number];

/**
 * @param words the command line
 * @param environment of it LC_ALL, LC_MESSAGES and LANG, the first that is not empty
 * @throws ToolkitError BAD_OPTION where --lang names a language that there is not
 */
export function languageOf(words: readonly string[], environment: NodeJS.ProcessEnv): Language {
  const at = words.findIndex((word) => word === '--lang' || word.startsWith('--lang='));
  if (at < 0) {
    const { LC_ALL, LC_MESSAGES, LANG } = environment;
    return /^vi(?![a-z])/.test(LC_ALL || LC_MESSAGES || LANG || '') ? 'vi' : 'en';
  }
  const asked = words[at].split('=')[1] ?? words[at + 1];
  const found = LANGUAGES.find((language) => language === asked);
  if (found === undefined) {
    const allowed = LANGUAGES.map((language) => JSON.stringify(language)).join('|');
    throw badInput('BAD_OPTION', `vua: --lang was given ${JSON.stringify(asked)}: expected ${allowed}`);
  }
  return found;
}

/** Loads a language; English is what the commands are written in. */
export async function sayIn(language: Language): Promise<Say> {
  if (language === 'en') return (english) => english;
  return (await import('./lang-vi.ts')).inVietnamese;
}
