/** Measurements of two models beside each other, where their cards agree in all that matters. */
import { existsSync, statSync } from 'node:fs';
import { badInput } from '../../crawlers/shell/errors.ts';
import { type Card, otherwise } from '../tasks/card.ts';
import { type Measurement, measurementsIn, readMeasurement } from '../tasks/results.ts';
import { type Compared, compared } from './score-text.ts';

const nameOf = ({ task, scorer }: Card): string => `${task} ${scorer}`;

/**
 * Of folders what stands in both; of each kind the newest step.
 * @throws ToolkitError BAD_OPTION (exit 2) naming what differs, when nothing can be compared
 */
export function compareScores(first: string, second: string): { list: Compared[]; left: string[] } {
  const [before, after] = [first, second].map(measurementsAt);
  const list: Compared[] = [];
  const left: string[] = [];
  for (const a of before) {
    const alike = after.filter(({ card }) => nameOf(card) === nameOf(a.card));
    const b = alike.find(({ card }) => otherwise(a.card, card).length === 0);
    if (b) list.push(compared(a, b));
    else if (alike.length > 0)
      left.push(`${nameOf(a.card)}: not measured alike: ${otherwise(a.card, alike[0].card).join('; ')}`);
    else left.push(`${nameOf(a.card)}: only in ${first}`);
  }
  if (list.length > 0) return { list, left };
  throw badInput('BAD_OPTION', left.join('; ') || `${first}: no measurements`, 'score both with the same options');
}

function measurementsAt(path: string): Measurement[] {
  if (!existsSync(path))
    throw badInput(
      'BAD_OPTION',
      `${path}: missing, expected a folder of scores or one of its files`,
      'vua score DIR writes it',
    );
  if (statSync(path).isDirectory()) {
    const newest = new Map<string, Measurement>();
    for (const one of measurementsIn(path)) {
      const { task, scorer, shots, data, seed, model } = one.card;
      const key = JSON.stringify([task, scorer, shots, data, seed]);
      if ((newest.get(key)?.card.model.step ?? -1) <= (model.step ?? 0)) newest.set(key, one);
    }
    return [...newest.values()];
  }
  const one = readMeasurement(path);
  if (!one)
    throw badInput(
      'BAD_OPTION',
      `${path}: no measurement card in its first line`,
      'a score without its card says nothing',
    );
  if (one.results.length < one.card.data.items) {
    throw badInput(
      'BAD_OPTION',
      `${path}: ${one.results.length} of ${one.card.data.items} questions are answered`,
      'finish it: the same vua score goes on',
    );
  }
  return [one];
}
