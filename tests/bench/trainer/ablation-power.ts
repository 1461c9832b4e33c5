/**
 * What the statistic of `vua ablate` sees, on trainings that were recorded: `ablation-power.ts OUT/ablation.json` of one arm
 * with ten seeds or more. Each of 20 repeats draws five of them for one arm and five others for its equal twin; then the
 * twin is made worse by 0.03 bits per byte. Of equal recipes at most 3 pairs may be told apart, of the others at least 16.
 */
import { readFileSync } from 'node:fs';
import type { Ablation } from '../../../trainer/run/ablate.ts';
import { type RecordedRun, tableOf } from '../../../trainer/score/ablation.ts';

const [path, arm] = process.argv.slice(2);
const { documents, arms, baseline } = JSON.parse(readFileSync(path, 'utf8')) as Ablation;
const { runs } = arms[arm ?? baseline];
if (runs.length < 10) throw new Error(`${runs.length} seeds, expected 10 or more`);
const test = documents.filter(({ set }) => set === 'test');
let state = 1;
const next = (n: number): number => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return Math.floor((state / 2 ** 32) * n);
};
const shuffled = (): RecordedRun[] => {
  const all = [...runs];
  for (let i = all.length - 1; i > 0; i--) {
    const k = next(i + 1);
    [all[i], all[k]] = [all[k], all[i]];
  }
  return all;
};
const numbered = (some: readonly RecordedRun[], shift: number): RecordedRun[] =>
  some.map((run, seed) => {
    const worse = run.nats.test.map((nats, i) => nats + shift * Math.LN2 * test[i].bytes);
    return { ...run, seed, nats: { ...run.nats, test: worse } };
  });
for (const shift of [0, 0.03]) {
  const told = Array.from({ length: 20 }, () => {
    const drawn = shuffled();
    const today = { arm: 'today', runs: numbered(drawn.slice(0, 5), 0) };
    return tableOf(documents, today, [{ arm: 'twin', runs: numbered(drawn.slice(5, 10), shift) }], 2_000)[1]
      .difference!;
  });
  const apart = told.filter(
    ({ verdict }) => verdict === (shift > 0 ? 'worse' : verdict) && verdict !== 'no difference seen',
  );
  const least = told.reduce((sum, one) => sum + one.least, 0) / told.length;
  console.log(`difference ${shift}: ${apart.length} of 20 told apart, the design sees ${least.toFixed(3)} on average`);
}
