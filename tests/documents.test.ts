/** What documents and help say: commands that exist with options that exist, links that lead somewhere, Vietnamese. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { allCommands, programOf } from '../commands.ts';
import { flagOf } from '../crawlers/shell/command.ts';
import { inVietnamese, VIETNAMESE } from '../crawlers/shell/lang-vi.ts';
import { languageOf } from '../crawlers/shell/language.ts';
import { below } from './house.ts';
import { releaseNote } from './release-note.ts';
import { MAIN } from './vietnamese.ts';

const commands = await allCommands();
const output = { writeOut: () => {} };
/** With the options of every command. */
async function program(say: (english: string) => string) {
  const made = await programOf({ version: '0', say, start: async () => {}, output });
  for (const { name } of commands) {
    await made
      .parseAsync([...name.split(' '), '--help'], { from: 'user' })
      .catch((end) => expect(end.exitCode).toBe(0));
  }
  return made;
}

describe('help in Vietnamese', async () => {
  /** Every text that a program hands to `say`. */
  const asked = new Set<string>();
  const vietnamese = await program((english) => {
    asked.add(english);
    return inVietnamese(english);
  });
  const helpOf = (name: string): string =>
    name
      .split(' ')
      .reduce((at, word) => at.commands.find((command) => command.name() === word)!, vietnamese)
      .helpInformation();

  it('is that of the locale, or of --lang', () => {
    expect(languageOf(['clean'], {})).toBe('en');
    expect(languageOf(['clean'], { LANG: 'vi_VN.UTF-8' })).toBe('vi');
    expect(languageOf(['clean'], { LANG: 'vi_VN.UTF-8', LC_ALL: 'C' })).toBe('en');
    expect(languageOf(['clean'], { LANG: 'C', LC_ALL: '', LC_MESSAGES: 'vi' })).toBe('vi');
    expect(languageOf(['clean'], { LANG: 'vie' })).toBe('en');
    expect(languageOf(['clean', '--lang', 'vi'], { LANG: 'C' })).toBe('vi');
    expect(languageOf(['--lang=en'], { LANG: 'vi_VN' })).toBe('en');
    expect(() => languageOf(['--lang', 'fr'], {})).toThrow(/--lang was given "fr": expected "en"\|"vi"/);
    expect(() => languageOf(['--lang'], {})).toThrow(/--lang was given undefined/);
  });

  it('has no translation of what is no longer said', () => {
    const help = ['', ...commands.map(({ name }) => name)].map((name) =>
      name ? helpOf(name) : vietnamese.helpInformation(),
    );
    expect(help.join('\n')).toContain('Cách dùng: vua');
    const said = [...asked].flatMap((text) => {
      const [, before, standard] = /^(.*?) \(default: (.*)\)$/s.exec(text) ?? [];
      return [text, text.replace(/:$/, ''), ...(before === undefined ? [] : [before, standard])];
    });
    const isSaid = (key: string): boolean =>
      said.includes(key) || (key.endsWith('…') && said.some((text) => text.startsWith(key.slice(0, -1))));
    expect(Object.keys(VIETNAMESE).filter((key) => !isSaid(key))).toEqual([]);
  });

  it('is Vietnamese in titles and defaults as well', () => {
    const helps = MAIN.map((name) => helpOf(name).replace(/\s+/g, ' '));
    expect(helps.flatMap((help) => help.match(/\((?:default|required)[^)]*\)/g) ?? [])).toEqual([]);
    expect(helpOf('clean')).toMatch(/^Đầu vào và đầu ra:$/m);
    expect(helpOf('train').replace(/\s+/g, ' ')).toContain('số bước tối ưu (mặc định: 200)');
  });
});

describe('documents', () => {
  const documents = below('.').filter((path) => path.endsWith('.md') && !path.startsWith('crawlers/sample/pages/'));
  /** What has been said of earlier versions stays as it was. */
  const current = documents.filter((path) => !/CHANGELOG|LOG\.md|RESULTS/.test(path));
  const textOf = (path: string): string => readFileSync(path, 'utf8');
  const { scripts } = JSON.parse(textOf('package.json')) as { scripts: Record<string, string> };

  it('name commands that exist, with options and values that they take', async () => {
    const wrong: string[] = [];
    let found = 0;
    const line = await program((english) => english);
    for (const path of current) {
      for (const words of shellLines(textOf(path))) {
        const [, script] = /^npm run (?:-s |--silent )?([\w:]+)/.exec(words.join(' ')) ?? [];
        if (script !== undefined && !(script in scripts)) wrong.push(`${path}: npm run ${script}`);
        const vua = commandOf(words);
        if (vua === undefined) continue;
        found++;
        try {
          await line.parseAsync(vua, { from: 'user' });
        } catch (error) {
          wrong.push(`${path}: vua ${vua.join(' ')}: ${(error as Error).message}`);
        }
      }
    }
    expect(wrong).toEqual([]);
    expect(found).toBeGreaterThan(30);
  });

  it('name options in their text that the command beside them has', () => {
    const names = commands.map(({ name }) => name).sort((a, b) => b.length - a.length);
    const wrong = current.flatMap((path) =>
      [...textOf(path).matchAll(/(?<!`)`vua ([^`]+)`/g)].flatMap(([, text]) => {
        const words = text.replace(/\s+/g, ' ');
        const name = names.find((known) => words === known || words.startsWith(`${known} `));
        if (name === undefined) return /^([A-Z0-9…[]|--|crawl|tokenizer)/.test(words) ? [] : [`${path}: vua ${words}`];
        const known = COMMON.concat(
          Object.keys(commands.find((command) => command.name === name)!.options.shape).map(flagOf),
        );
        return [...words.matchAll(/(?<=^|[\s([])--[a-z][\w-]*/g)]
          .filter(([flag]) => !known.includes(flag))
          .map(([flag]) => `${path}: vua ${name} ${flag}`);
      }),
    );
    expect(wrong).toEqual([]);
  });

  it('link to files and headings that exist', () => {
    const broken = documents.flatMap((path) =>
      [...textOf(path).matchAll(/\]\((?!https?:|mailto:)([^)#\s]*)(?:#([^)\s]+))?\)/g)].flatMap(
        ([link, file, anchor]) => {
          const target = file === '' ? path : join(dirname(path), decodeURI(file));
          if (!existsSync(target)) return [`${path}: ${link}`];
          return anchor === undefined || headingsOf(target).includes(anchor) ? [] : [`${path}: ${link}`];
        },
      ),
    );
    expect(broken).toEqual([]);
  });
});

it('takes a release note from the changelog', () => {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
  expect(releaseNote(readFileSync('CHANGELOG.md', 'utf8'), version)).toMatch(/^- .+\n/);
  const changelog = '# Changelog\n\n## 1.10.0\n\n- ten\n\n## 1.1.0 (2027-01-02)\n\n- one\n';
  expect(releaseNote(changelog, '1.1.0')).toBe('- one\n');
  expect(() => releaseNote(changelog, '1.1')).toThrow(/no part/);
});

const COMMON = ['--json', '--log-json', '--debug', '--lang', '--help'];

/** Commands of the `sh` blocks of a document, a list of words each: comments, redirections and pipes end one. */
function shellLines(markdown: string): string[][] {
  const blocks = [...markdown.matchAll(/^```sh\n([\s\S]*?)^```/gm)].map(([, block]) => block.replace(/\\\n\s*/g, ' '));
  return blocks
    .flatMap((block) => block.split('\n'))
    .flatMap((line) => {
      const lines: string[][] = [[]];
      for (const [, double, single, end, bare] of line.matchAll(
        /"([^"]*)"|'([^']*)'|(#.*$|&&|[|;>].*?(?=&&|$))|([^\s"']+)/g,
      )) {
        if (end !== undefined) lines.push([]);
        else lines.at(-1)!.push(double ?? single ?? bare);
      }
      return lines.filter((words) => words.length > 0);
    });
}

/** The words behind `vua`, without the file of `--config`, which a test does not have. */
function commandOf(words: readonly string[]): string[] | undefined {
  const at = words.findIndex((word) => !/^[A-Z_]+=/.test(word) && word !== 'npx');
  const isScript = words.slice(at, at + 4).join(' ') === 'npm run vua --';
  if (words[at] !== 'vua' && !isScript) return undefined;
  const rest = words.slice(at + (isScript ? 4 : 1));
  const config = rest.indexOf('--config');
  return config < 0 ? rest : rest.toSpliced(config, 2);
}

/** Anchors of headings, as GitHub makes them. */
const headingsOf = (path: string): string[] =>
  [
    ...readFileSync(path, 'utf8')
      .replace(/^```[\s\S]*?^```/gm, '')
      .matchAll(/^#+ (.+)$/gm),
  ].map(([, heading]) =>
    heading
      .toLowerCase()
      .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .replace(/[^\p{L}\p{M}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );
