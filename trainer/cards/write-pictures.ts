/** Cards into a folder: `cards.jsonl`, `card-0001.svg`, and PNG where it is asked for. */
import { join } from 'node:path';
import { makeFolder, writeFileAtomic } from '../../crawlers/shell/folder.ts';
import type { Card } from './cards.ts';
import { DESIGN_OF } from './designs.ts';
import type { DesignName, OccasionName } from './names.ts';
import { pictureOf } from './picture.ts';

export interface PictureOptions {
  readonly png: boolean;
  /** Of all; else by occasion. */
  readonly design?: DesignName;
}

/** @throws ToolkitError UNWRITABLE_FOLDER, WRITE_FAILED, NO_PACKAGE */
export async function writePictures(
  out: string,
  cards: readonly Card[],
  { png, design }: PictureOptions,
  signal?: AbortSignal,
): Promise<void> {
  makeFolder(out);
  const renderer = png ? await (await import('./render.ts')).openRenderer() : undefined;
  writeFileAtomic(join(out, 'cards.jsonl'), cards.map((card) => `${JSON.stringify(card)}\n`).join(''));
  for (const [at, card] of cards.entries()) {
    if (signal?.aborted) return;
    const name = join(out, `card-${String(at + 1).padStart(4, '0')}`);
    const drawn = design ?? DESIGN_OF[card.occasion as OccasionName];
    const picture = pictureOf(card, drawn, renderer ? 'own' : 'system');
    writeFileAtomic(`${name}.svg`, renderer?.outlined(picture) ?? picture);
    if (renderer) writeFileAtomic(`${name}.png`, renderer.png(picture));
  }
}
