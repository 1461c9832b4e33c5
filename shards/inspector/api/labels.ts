/** What readers think of documents, and how far each rule agrees with them. */
import { z } from 'zod';
import { knownRecipe, rulesOf } from '../../../cleaning/recipe.ts';
import { badInput } from '../../../crawlers/shell/errors.ts';
import { manifestPath } from '../../manifest.ts';
import { LABELS, labelsPath, readLabels, writeLabel } from '../labels.ts';
import { tableOf } from '../table.ts';
import { passing } from '../thresholds.ts';
import { endpoint } from '../view.ts';
import { rowsOfId } from '../words.ts';

export const labels = endpoint({
  path: 'labels',
  about: 'documents that a reader called good or bad, and of each rule how many of either it lets pass',
  query: z.object({ corpus: z.string().optional() }),
  async answer({ corpus }, root) {
    const table = tableOf(root.corpus(corpus));
    const recipe = knownRecipe(table.manifest.recipe, manifestPath(table.dir));
    const given = [...readLabels(root.dir).values()];
    const { values, offsets } = await table.texts('id');
    const wanted = new Map(given.map(({ id, label }) => [id, label]));
    const rows: { row: number; label: string }[] = [];
    for (let row = 0; row < table.rows && wanted.size > 0; row++) {
      const label = wanted.get(values.toString('utf8', offsets[row], offsets[row + 1]));
      if (label !== undefined) rows.push({ row, label });
    }
    const rules = [];
    for (const rule of rulesOf(recipe)) {
      const passes = await passing(table, rule);
      const counts = { goodPass: 0, goodFail: 0, badPass: 0, badFail: 0 };
      for (const { row, label } of rows) {
        const does = passes(row);
        if (does === undefined) continue;
        counts[`${label as 'good' | 'bad'}${does ? 'Pass' : 'Fail'}`]++;
      }
      rules.push({ reason: rule.reason, threshold: rule.threshold, ...counts });
    }
    const kept = rows.filter(({ row }) => row < table.kept);
    const of = (label: string, isKept: boolean): number =>
      rows.filter((each) => each.label === label && each.row < table.kept === isKept).length;
    return {
      file: labelsPath(root.dir),
      labelled: rows.length,
      kept: kept.length,
      outcome: {
        ...{ goodPass: of('good', true), goodFail: of('good', false) },
        ...{ badPass: of('bad', true), badFail: of('bad', false) },
      },
      rules,
      labels: given.slice(-500),
    };
  },
});

export const label = endpoint({
  path: 'label',
  method: 'POST',
  about: 'calls a document good or bad, or takes that back; written beside the folder, which itself is never written',
  query: z.object({ corpus: z.string().optional(), id: z.string().max(2000), label: z.enum(LABELS) }),
  async answer({ corpus, id, label: said }, root) {
    const chosen = root.corpus(corpus);
    if ((await rowsOfId(tableOf(chosen), id)).length === 0)
      throw badInput('UNKNOWN_DOCUMENT', `${chosen.name}: no document and no reject with id ${id}`);
    writeLabel(root.dir, { time: new Date().toISOString(), id, label: said, corpus: chosen.id });
    return { id, label: said };
  },
});
