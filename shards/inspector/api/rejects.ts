/** What each rule decides, and what it would decide with another threshold. */
import { z } from 'zod';
import { knownRecipe, parseThresholds, rulesOf } from '../../../cleaning/recipe.ts';
import { manifestPath } from '../../manifest.ts';
import { changeOf, decidedBy } from '../thresholds.ts';
import { endpoint } from '../view.ts';
import { facetOf } from '../words.ts';
import { lineOf } from './documents.ts';
import { tableIn } from './overview.ts';

export const rules = endpoint({
  path: 'rules',
  about: 'the rules of the recipe in their order: measurement, direction, threshold, what each dropped',
  query: z.object({ corpus: z.string().optional() }),
  async answer({ corpus }, root) {
    const table = tableIn(root, corpus);
    const { codes, words } = await facetOf(table, 'reason');
    const dropped = new Map<string, number>();
    for (let row = table.kept; row < table.rows; row++) {
      const reason = words[codes[row]];
      dropped.set(reason, (dropped.get(reason) ?? 0) + 1);
    }
    const of = rulesOf(knownRecipe(table.manifest.recipe, manifestPath(table.dir)));
    return { rules: of.map((rule) => ({ ...rule, dropped: dropped.get(rule.reason) ?? 0 })) };
  },
});

/** Steps of the curve of a slider. */
const STEPS = 60;

export const whatIf = endpoint({
  path: 'what-if',
  about:
    'documents that change side under other thresholds, from stored measurements, as `vua clean --what-if` counts them',
  query: z.object({
    corpus: z.string().optional(),
    threshold: z.array(z.string()).default([]).describe('NAME=NUMBER, as --what-if'),
    rule: z.string().optional().describe('its reason: where its values lie, for a slider'),
    limit: z.int().min(0).max(100).default(20).describe('documents shown of either kind'),
    offset: z.int().min(0).default(0),
  }),
  async answer({ corpus, threshold, rule, limit, offset }, root) {
    const table = tableIn(root, corpus);
    const recipe = knownRecipe(table.manifest.recipe, manifestPath(table.dir));
    const moved = parseThresholds(threshold);
    const { lost, gained, ...figures } = await changeOf(table, recipe, moved);
    const [shownLost, shownGained] = [lost, gained].map((rows) =>
      [...rows.subarray(offset, offset + limit)].map((row) => lineOf(table, row)),
    );
    const asked = rulesOf(recipe, moved).find(({ reason }) => reason === rule);
    const before = rulesOf(recipe).find(({ reason }) => reason === rule);
    return {
      ...{ kept: table.kept, lost: lost.length, gained: gained.length, ...figures },
      ...{ examples: { lost: shownLost, gained: shownGained } },
      slider: asked && before && { ...before, ...(await sliderOf(await decidedBy(table, recipe, before))) },
    };
  },
});

/** Kept and dropped by the values of a rule, in steps between the outermost of what may be of interest. */
function sliderOf({ kept, dropped }: { kept: Float32Array; dropped: Float32Array }) {
  const all = Float32Array.from([...kept, ...dropped]).sort();
  if (all.length === 0) return { min: 0, max: 1, steps: [] };
  const at = (share: number): number => all[Math.round(share * (all.length - 1))];
  const [min, max] = [Math.min(at(0), dropped[0] ?? Infinity), Math.max(at(0.995), dropped.at(-1) ?? -Infinity)];
  const width = (max - min || 1) / STEPS;
  const count = (values: Float32Array): number[] => {
    const counts = new Array<number>(STEPS).fill(0);
    for (const value of values) counts[Math.min(STEPS - 1, Math.max(0, Math.floor((value - min) / width)))]++;
    return counts;
  };
  const [ofKept, ofDropped] = [count(kept), count(dropped)];
  return { min, max, steps: ofKept.map((n, i) => ({ from: min + i * width, kept: n, dropped: ofDropped[i] })) };
}
