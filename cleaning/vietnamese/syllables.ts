/**
 * The Vietnamese syllable: onset + rhyme + tone, written between spaces. About 160 rhymes and 28 onsets, with spelling
 * rules between them (`k` and `gh` before e ê i, a stop coda takes only two tones), describe every native syllable;
 * almost no other language writes like that for long. The same table without its diacritics knows Vietnamese that was
 * typed without them.
 */

export type Tone = 'ngang' | 'huyền' | 'sắc' | 'hỏi' | 'ngã' | 'nặng';

interface Spelling {
  readonly onset: string;
  /** Glide, nucleus and coda, tone mark removed: `uyên`, `ươc`, `a`. */
  readonly rhyme: string;
  readonly tone: Tone;
}

const TONE_MARKS: ReadonlyMap<string, Tone> = new Map([
  ['\u0300', 'huyền'],
  ['\u0301', 'sắc'],
  ['\u0309', 'hỏi'],
  ['\u0303', 'ngã'],
  ['\u0323', 'nặng'],
]);

const list = (words: string): readonly string[] => words.trim().split(/\s+/);

const ONSETS = list('b c ch d đ g gh gi h k kh l m n ng ngh nh p ph qu r s t th tr v x');

const RHYMES = list(`
  a ac ach ai am an ang anh ao ap at au ay
  ăc ăm ăn ăng ăp ăt
  âc âm ân âng âp ât âu ây
  e ec em en eng eo ep et
  ê êch êm ên ênh êp êt êu
  i ia ich im in inh ip it iu
  iêc iêm iên iêng iêp iêt iêu
  o oc oi om on ong op ot ooc oong
  oa oac oach oai oam oan oang oanh oao oap oat oay
  oăc oăm oăn oăng oăt oe oem oen oeo oet
  ô ôc ôi ôm ôn ông ôp ôt
  ơ ơi ơm ơn ơp ơt
  u ua uc ui um un ung up ut
  uân uâng uât uây uê uêch uênh uôc uôi uôm uôn uông uôt uơ
  uy uya uych uynh uyt uyu uyp uyên uyêt
  ư ưa ưc ưi ưm ưng ưt ưu
  ươc ươi ươm ươn ương ươp ươt ươu
`);
/** Written with y: alone or after some onsets (`kỹ`, `lý`), before ê when no consonant stands there (`yêu`). */
const Y_ONSETS = new Set(list('h k l m n s t v').concat(''));
const Y_RHYMES = list('yêm yên yêng yêt yêu');
const AFTER_QU = list('y yt ych ynh yên yêt yu').concat(
  RHYMES.filter((rhyme) => /^(?:[aăâeêơ]|i(?!ê|a|u)|ôc)/.test(rhyme)),
);

/** Whether the spelling rules let the onset stand before the rhyme. */
function fits(onset: string, rhyme: string): boolean {
  const front = /^[eêi]/.test(rhyme);
  switch (onset) {
    case '':
      return !rhyme.startsWith('iê');
    case 'c':
    case 'ng':
      return !front;
    case 'g':
      return !front || rhyme === 'i' || rhyme === 'in' || rhyme.startsWith('iê'); // gì, gìn, giếng: the i of gi is shared
    case 'k':
    case 'gh':
    case 'ngh':
      return front;
    case 'gi':
      return !rhyme.startsWith('i');
    default:
      return true;
  }
}

/** Toneless spelling → [onset, rhyme]. */
let spellings: ReadonlyMap<string, readonly [string, string]> | undefined;
let plainSpellings: ReadonlySet<string> | undefined;

function allSpellings(): ReadonlyMap<string, readonly [string, string]> {
  if (spellings !== undefined) return spellings;
  const table = new Map<string, readonly [string, string]>();
  for (const onset of ['', ...ONSETS]) {
    if (onset === 'qu') {
      for (const rhyme of AFTER_QU) table.set(onset + rhyme, [onset, rhyme]);
      continue;
    }
    for (const rhyme of RHYMES) if (fits(onset, rhyme)) table.set(onset + rhyme, [onset, rhyme]);
    if (Y_ONSETS.has(onset)) table.set(`${onset}y`, [onset, 'y']);
  }
  for (const rhyme of Y_RHYMES) table.set(rhyme, ['', rhyme]);
  spellings = table;
  return table;
}

/** Parses one lower-case NFC syllable, whatever vowel carries its tone mark. */
export function parseSyllable(syllable: string): Spelling | undefined {
  if (syllable.length > LONGEST) return undefined;
  const { toneless, tones } = splitTone(syllable);
  if (tones.length > 1) return undefined;
  const parts = allSpellings().get(toneless);
  if (parts === undefined) return undefined;
  const [onset, rhyme] = parts;
  const tone = TONE_MARKS.get(tones) ?? 'ngang';
  if (/(?:c|ch|p|t)$/.test(rhyme) && tone !== 'sắc' && tone !== 'nặng') return undefined;
  return { onset, rhyme, tone };
}

/** `nghiêng`; one letter more where a tone has no letter of its own. */
const LONGEST = 8;

/** Whether a lower-case ASCII word is the spelling of some syllable that lost its diacritics. */
export function isPlainSyllable(word: string): boolean {
  plainSpellings ??= new Set([...allSpellings().keys()].map(removeDiacritics));
  return plainSpellings.has(word);
}

/** NFC text with its tone marks taken out, and the marks in their order. */
export function splitTone(text: string): { readonly toneless: string; readonly tones: string } {
  if (ASCII.test(text)) return { toneless: text, tones: '' };
  let tones = '';
  const toneless = text
    .normalize('NFD')
    .replace(/[\u0300\u0301\u0303\u0309\u0323]/g, (mark) => {
      tones += mark;
      return '';
    })
    .normalize('NFC');
  return { toneless, tones };
}

/** `Tiếng Việt` → `Tieng Viet`. */
export const removeDiacritics = (text: string): string =>
  ASCII.test(text)
    ? text
    : text
        .normalize('NFD')
        .replace(/[\u0300-\u0303\u0306\u0309\u031b\u0323]/g, '')
        .replace(/đ/g, 'd')
        .replace(/Đ/g, 'D')
        .normalize('NFC');

/** Nothing to take apart. */
const ASCII = /^[\0-\x7f]*$/;

/** Letters that only a Vietnamese text without damage shows: a tone over a hat, horn or breve, hook and dot. */
export const VIETNAMESE_LETTER = /[\u1EA0-\u1EF9]/;
