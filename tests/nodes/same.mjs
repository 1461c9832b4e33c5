/** One line: the hash of what this Node makes of the sample pages and of strings that depend on Unicode; then what. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { cleanHtml, identify, normalize } from '../../dist/index.js';
import { unicodeFacts } from '../../dist/tokenizer/text/unicode.js';

const pages = [];
const look = (dir) => {
  for (const name of readdirSync(dir).sort()) {
    const path = join(dir, name);
    if (statSync(path).isDirectory()) look(path);
    else if (/\.(?:md|html)$/.test(name)) pages.push(path);
  }
};
look('crawlers/sample/pages');
/** Joiners in families, letters and marks that newer versions of Unicode added, digits, spaces. */
const STRINGS = [
  '👨‍👩‍👧‍👦 gia đình 🧑‍🩰 🫩',
  'Ꟑ ꟑ Ɤ 𞤀 𐵀',
  '१२३ ①②③ ٣',
  'a\u200db ا\u200cب',
  'ợ́ ế Ð đ ĳ ﬁ',
  '\u{1fae8}\u{1f6d8}',
];
const facts = {};
const hash = (value) => createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 16);
const cleaned = [];
for (const path of pages)
  cleaned.push(
    await cleanHtml(readFileSync(path), {
      preset: 'keep-all',
      headers: { 'content-type': /md$/.test(path) ? 'text/markdown' : 'text/html' },
    }),
  );
facts.documents = hash(cleaned.map(({ title, text }) => [title, text]));
facts.measurements = hash(cleaned.map(({ measurements }) => measurements));
facts.decisions = hash(cleaned.map(({ decisions, language }) => [decisions, language]));
facts.normalised = STRINGS.map((text) => normalize(text)).map((text) => JSON.stringify(text));
facts.languages = hash(STRINGS.map((text) => identify(text)));
// The classes of characters by which text is split into tokens.
const { blockOf, facts: classes } = unicodeFacts();
facts.classes = hash([Array.from(blockOf), Array.from(classes)]);
process.stdout.write(`${JSON.stringify({ pages: pages.length, ...facts })}\n`);
