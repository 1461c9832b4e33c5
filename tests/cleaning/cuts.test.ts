/** Paragraphs in other languages and lines of residue within a Vietnamese text: what goes, what stays, what is counted. */
import { expect, test } from 'vitest';
import { clean } from '../../cleaning/clean.ts';
import type { Document } from '../../cleaning/document.ts';
import { leftOutOf } from '../../cleaning/read-page.ts';
import type { Recipe } from '../../cleaning/recipe.ts';
import { pageOf } from '../../crawlers/page.ts';
import { story } from './support.ts';

const ENGLISH =
  'The canal was dug in the time of our great grandfather, and it is now only as wide as two arms can reach; when the water is high there is still room for a boat that brings rice and fruit to the market.';
const FRENCH =
  'Le canal a été creusé dans les temps anciens, mais il est très étroit, et quand les eaux sont hautes nous passons avec une barque pour vendre des fruits et du riz dans le marché de la ville.';
const CODE =
  'for line in lines:\n    if line.strip() and line is not None:\n        print(line, end="")\n    else: pass';
const page = (text: string) => pageOf('http://kenh.test/a', text, { headers: { 'content-type': 'text/plain' } });
const head = story(1, 6);
const tail = story(2, 6);

async function cleaned(text: string, recipe: Partial<Recipe> = {}): Promise<Document> {
  for await (const { kept } of clean([page(text)], recipe)) if (kept) return kept;
  throw new Error(`dropped: ${text}`);
}

test.each([
  ['English', ENGLISH],
  ['French', FRENCH],
  ['two in a row', `${ENGLISH}\n\n2.\n\n${FRENCH}`],
  ['Chinese', '运河是曾祖父那个时代挖的，现在只剩两臂宽；涨水的时候，小船仍然可以把米和水果运到市场。'.repeat(9)],
])('%s goes and is counted', async (_, foreign) => {
  const { text, measurements, paragraphLanguages } = await cleaned(`${head}\n\n${foreign}\n\n${tail}`);
  expect(text).toBe(`${head}\n\n${tail}`);
  expect(measurements.cut_foreign).toBe(foreign.replaceAll('\n\n', '').length);
  expect([paragraphLanguages, measurements.vietnamese_para_frac]).toEqual(['vie*2', 1]);
});

test.each([
  ['code', CODE.replaceAll('    ', '')],
  ['a quotation', 'Ông nói: “To be or not to be, that is the question.”'],
  ['a line of verse in English', 'Shall I compare thee to a summer’s day? Thou art more lovely and more temperate.'],
  ['a poem in Chinese', '南國山河南帝居，截然定分在天書。如何逆虜來侵犯，汝等行看取敗虛。'],
  [
    'Vietnamese about English words',
    `Trong câu “the cat sat on the mat”, từ “the” và từ “on” được dùng như sau: ${head}`,
  ],
  ['names', 'Abies alba, Picea abies, Larix decidua, Pinus sylvestris, Quercus robur, Fagus sylvatica, Tilia cordata'],
  ['names of languages', 'العربية 中文 日本語 한국어 Русский ไทย ລາວ ខ្មែរ'],
  ['Japanese and Korean in their own mixture', '大韓民國의 學校 とうきょう東京タワー'],
])('%s stays', async (_, paragraph) => {
  const text = `${head}\n\n${paragraph}\n\n${tail}`;
  const kept = await cleaned(text);
  expect([kept.text, kept.measurements.cut_foreign, kept.measurements.cut_residue]).toEqual([text, 0, 0]);
});

test('in a text without blank lines each line is a paragraph', async () => {
  const { text, measurements } = await cleaned(`${head}\n${ENGLISH}\n${tail}`);
  expect([text, measurements.cut_foreign]).toEqual([`${head}\n${tail}`, ENGLISH.length]);
});

test('lines of residue go, what stands beside them stays', async () => {
  const residue = ['\u2403ᄃ킄ጂ¤᐀碤', '愀ᎀ摧䌓ᜃ欀䙤', 'ꗬ᐀㈀ᄃ\ue012'];
  const kept = await cleaned(`${head}\n${residue[0]}\n\n${residue[1]}\n\n${tail}\n${residue[2]}`);
  expect(kept.text).toBe(`${head}\n\n${tail}`);
  expect(kept.measurements.cut_residue).toBe(residue.join('').length);
});

test('a half English page stays whole where the recipe says so, and explain tells what would go', async () => {
  const text = `${head}\n\n${ENGLISH}\n\n${tail}`;
  for (const recipe of [{ paragraphs: 'keep' }, { preset: 'keep-all' }] as const)
    expect((await cleaned(text, recipe)).text).toBe(text);
  expect(leftOutOf(page(text), 'vietnamese')).toEqual([{ box: 'paragraph', reason: 'in eng', text: ENGLISH }]);
  expect(leftOutOf(page(text), 'keep')).toEqual([]);
});

test('a page in English is judged as it stands', async () => {
  const text = `${ENGLISH}\n\n${ENGLISH.toUpperCase()}\n\n${head.slice(0, 89)}`;
  for await (const { dropped } of clean([page(text)])) expect(dropped).toMatchObject({ stage: 'language', text });
});
