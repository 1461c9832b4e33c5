/** A talk with the documents: questions, the sentence that answers each with its source, or that they do not say it. */
import type { Draw, Kit } from '../view.ts';

interface Citation {
  readonly id: string;
  readonly title: string;
  readonly url: string;
  readonly quote: string;
}
interface Answer {
  readonly text: string;
  readonly known: boolean;
  readonly disagree: boolean;
  readonly citations: readonly Citation[];
}

/** What was asked and told, of each corpus, as long as the page is open. */
const talks = new Map<string, [question: string, answer: Answer][]>();
/** Milliseconds between two words. */
const PACE = 18;

const draw: Draw = async (into, query, kit, signal) => {
  const { el, say } = kit;
  const corpus = query.get('corpus') ?? '';
  const talk = talks.get(corpus) ?? [];
  talks.set(corpus, talk);
  const log = el('div', { class: 'talk', role: 'log', 'aria-label': say('Talk', 'Hội thoại'), tabindex: 0 });
  const field = el('input', {
    ...{ id: 'question', type: 'text', lang: 'vi', maxlength: 2000, autocomplete: 'off' },
    'aria-label': say('Question', 'Câu hỏi'),
    placeholder: say('a question in Vietnamese', 'hỏi điều các văn bản có thể nói, ví dụ: gạo nếp ngâm mấy tiếng?'),
  });
  const button = el('button', { type: 'submit' }, say('Ask', 'Hỏi'));
  const asks = async (question: string): Promise<void> => {
    if (question === '' || button.disabled) return;
    field.value = '';
    button.disabled = true;
    const place = turn(kit, question);
    log.querySelector('.talk-empty')?.remove();
    log.append(place.whole);
    place.whole.scrollIntoView({ block: 'end' });
    try {
      const answer = await answered(kit, question, signal);
      talk.push([question, answer]);
      await place.tell(answer, signal);
    } catch (error) {
      if (!signal.aborted) place.fail(error as Error);
    } finally {
      button.disabled = false;
      if (!signal.aborted) field.focus({ preventScroll: true });
    }
  };
  const sends = (event: Event): void => {
    event.preventDefault();
    void asks(field.value.trim());
  };
  for (const [question, answer] of talk) {
    const place = turn(kit, question);
    place.show(answer);
    log.append(place.whole);
  }
  if (talk.length === 0)
    log.append(
      el(
        'p',
        { class: 'quiet talk-empty' },
        say(
          'Answers are sentences of the documents, word for word, each with its source. What no document says is left open.',
          'Câu trả lời là nguyên văn câu trong tài liệu, kèm nguồn. Điều không tài liệu nào nói thì được đáp là không biết.',
        ),
      ),
    );
  into.append(
    el('h1', {}, say('Ask the documents', 'Hỏi các văn bản')),
    log,
    el('form', { class: 'talk-form', onsubmit: sends }, field, button),
  );
  // An address that asks: once, and not again when the page is drawn anew.
  const asked = query.get('question')?.trim() ?? '';
  if (asked !== '' && talk.every(([question]) => question !== asked)) void asks(asked);
};

export default draw;

async function answered(kit: Kit, question: string, signal: AbortSignal): Promise<Answer> {
  for (;;) {
    const { isMaking, answer } = await kit.get<{ isMaking: boolean; answer: Answer }>('answer', { question }, signal);
    if (!isMaking) return answer;
    await new Promise((resolve) => setTimeout(resolve, 700));
    signal.throwIfAborted();
  }
}

/** A question and the place of its answer. */
function turn(kit: Kit, question: string) {
  const { el, say } = kit;
  const text = el('p', { class: 'told', lang: 'vi' }, say('…', '…'));
  const sources = el('ol', { class: 'sources' });
  const whole = el('article', { class: 'turn' }, el('h2', { class: 'asked', lang: 'vi' }, question), text, sources);
  const end = ({ known, disagree, citations }: Answer): void => {
    whole.classList.toggle('unknown', !known);
    whole.classList.toggle('disagree', disagree);
    sources.replaceChildren(
      ...citations.map(({ id, title, url }) =>
        el(
          'li',
          {},
          el('a', { href: kit.link('documents', { id }) }, title || url || id),
          ` `,
          el('span', { class: 'quiet' }, hostOf(url)),
        ),
      ),
    );
  };
  return {
    whole,
    show(answer: Answer): void {
      text.textContent = answer.text;
      end(answer);
    },
    /** Word by word. */
    async tell(answer: Answer, signal: AbortSignal): Promise<void> {
      const isStill = matchMedia('(prefers-reduced-motion: reduce)').matches;
      text.textContent = '';
      for (const word of isStill ? [answer.text] : (answer.text.match(/\s*\S+/g) ?? [])) {
        text.append(word);
        if (!isStill) await new Promise((resolve) => setTimeout(resolve, PACE));
        if (signal.aborted) return;
      }
      end(answer);
      whole.scrollIntoView({ block: 'end' });
    },
    fail({ message }: Error): void {
      text.textContent = message;
      whole.classList.add('unknown');
    },
  };
}

const hostOf = (url: string): string => (URL.canParse(url) ? new URL(url).host : '');
