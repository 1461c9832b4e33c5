/**
 * Conversations from the corpus itself, by rule and lexicon, without a model of others: questions that a passage answers,
 * the same with the answer taken out ("không biết"), refusals, requests for cards. All of them say that they are synthetic.
 */
import { nfc } from '../../cleaning/vietnamese/nfc.ts';
import { seededRandom } from '../../shards/checksum.ts';
import type { Conversation, Message } from './conversations.ts';
import { extractFrom } from './extract.ts';
import { cardRequest, refusedRequest } from './requests.ts';

export interface SyntheticText {
  readonly text: string;
  readonly licence?: string;
}

export interface SyntheticOptions {
  readonly seed: number;
  /** Conversations, at most. */
  readonly most: number;
  /** Share of questions whose answer is taken out of the passage, of refusals, of cards. */
  readonly shares?: { readonly unknown: number; readonly refused: number; readonly card: number };
}

export type SyntheticKind = 'answer' | 'unknown' | 'refused' | 'card';
export interface SyntheticConversation extends Conversation {
  readonly kind: SyntheticKind;
}

const SHARES = { unknown: 0.25, refused: 0.05, card: 0.1 };
const MOST_PASSAGE = 600;
const UNKNOWN = [
  'Đoạn văn không nói điều đó nên tôi không biết.',
  'Tôi không biết: đoạn văn không có thông tin này.',
  'Không biết. Đoạn văn không nhắc đến điều được hỏi.',
];

/** The same for the same texts and seed. */
export async function* synthesize(
  texts: AsyncIterable<SyntheticText> | Iterable<SyntheticText>,
  { seed, most, shares = SHARES }: SyntheticOptions,
): AsyncGenerator<SyntheticConversation> {
  const random = seededRandom(seed);
  const choose = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)];
  const said = (messages: Message[], kind: SyntheticKind, licence?: string): SyntheticConversation => ({
    ...{ messages, origin: 'synthetic', kind },
    ...(licence && { licence }),
  });
  const met = new Set<string>();
  const others = shares.refused + shares.card;
  let count = 0;
  for await (const { text, licence } of texts) {
    for (const { passage, without, question, answer } of passagesOf(text)) {
      if (met.has(question)) continue;
      met.add(question);
      const isUnknown = without !== undefined && random() < shares.unknown / (1 - others);
      const asked: Message = {
        role: 'user',
        content: `Đoạn văn: ${isUnknown ? without : passage}\nCâu hỏi: ${question}`,
      };
      yield said(
        [asked, { role: 'assistant', content: isUnknown ? choose(UNKNOWN) : `${answer}.` }],
        isUnknown ? 'unknown' : 'answer',
        licence,
      );
      if (++count >= most) return;
      // Between them, so that their shares hold wherever it ends.
      for (let draw = random(); draw < others; draw = random()) {
        const isCard = draw < shares.card;
        const messages = isCard ? cardRequest(choose) : refusedRequest(choose);
        const key = JSON.stringify(messages);
        if (met.has(key)) break;
        met.add(key);
        yield said(messages, isCard ? 'card' : 'refused');
        if (++count >= most) return;
      }
    }
  }
}

interface Found {
  readonly passage: string;
  /** The passage without the sentence that answers, where what is left does not answer. */
  readonly without?: string;
  readonly question: string;
  readonly answer: string;
}

/** Speech, and what is told by one who was there: nothing that a passage could be asked for. */
const TALE = /[—–"“”!]|(?:^| )(?:tôi|mày|tao|hắn|thị|nó|bu|y|nàng|chàng)(?: |,)/i;

function* passagesOf(text: string): Generator<Found> {
  for (const paragraph of nfc(text).split(/\n+/)) {
    if (TALE.test(paragraph)) continue;
    const sentences =
      paragraph
        .match(/[^.!?]+(?:[.](?=\d)[^.!?]+)*[.!?]*/g)
        ?.map((one) => one.trim())
        .filter(Boolean) ?? [];
    for (const [i, sentence] of sentences.entries()) {
      // `Điều 5. Tên`: a number and its title are one.
      const own = /^Điều \d+[a-z]?\.$/.test(sentence) ? `${sentence} ${sentences[i + 1] ?? ''}` : sentence;
      for (const { question, answer } of extractFrom(own)) {
        const near = [2, 1, 0].map((by) => sentences.slice(Math.max(0, i - by), i + by + (own === sentence ? 1 : 2)));
        const whole = near.find((some) => some.join(' ').length <= MOST_PASSAGE);
        if (whole === undefined) continue;
        const passage = whole.join(' ');
        const rest = whole.filter((one) => !own.includes(one)).join(' ');
        const core = answer.split(' ').slice(-3).join(' ').toLowerCase();
        const without = rest.length > 40 && !rest.toLowerCase().includes(core) ? rest : undefined;
        yield { passage, without, question, answer };
      }
    }
  }
}
