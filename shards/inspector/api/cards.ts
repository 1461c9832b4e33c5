/** Greeting cards to look at: written by rule and chance, in every design. Models and files: `vua card`. */
import { z } from 'zod';
import type { CardChoices, CardRequest } from '../shapes.ts';
import { endpoint, Raw, type View } from '../view.ts';

/** Of the room to the right: trainer/cards/gallery.ts. */
export interface CardDoor {
  readonly choices: CardChoices;
  /** @throws ToolkitError BAD_OPTION */
  write(request: CardRequest): Promise<{ readonly heading: string; readonly text: string }>;
  picture(request: CardRequest, design: string): Promise<string>;
}

export function cardsView(open: () => Promise<CardDoor>): View {
  const asked = z.object({
    corpus: z.string().optional(),
    occasion: z.string().default('tet'),
    from: z.string().default('con'),
    to: z.string().default('bố mẹ'),
    form: z.string().default('luc-bat'),
    length: z.string().default('short'),
    tone: z.string().default('any'),
    name: z.string().max(60).default(''),
    signed: z.string().max(60).default(''),
    seed: z.int().min(0).default(1).describe('another card for each'),
  });
  return {
    name: 'cards',
    title: { en: 'Cards', vi: 'Thiệp' },
    page: new URL('../pages/cards.ts', import.meta.url),
    endpoints: [
      endpoint({
        path: 'card',
        about: 'a greeting card as text, and what may be chosen',
        query: asked,
        async answer(request) {
          const door = await open();
          return { ...(await door.write(request)), choices: door.choices };
        },
      }),
      endpoint({
        path: 'card.svg',
        about: 'the same card as a picture',
        query: asked.extend({ design: z.string() }),
        async answer({ design, ...request }) {
          return new Raw('image/svg+xml', await (await open()).picture(request, design));
        },
      }),
    ],
  };
}
