/** At the end of a run: what did not run, and why, so that "passed" is not read as "everything". */
import type { Reporter, TestCase, TestModule, Vitest } from 'vitest/node';

/** Names shown for one reason; the rest is counted. */
const SHOWN = 8;

export default class Skipped implements Reporter {
  #vitest: Vitest | undefined;

  onInit(vitest: Vitest): void {
    this.#vitest = vitest;
  }

  onTestRunEnd(modules: readonly TestModule[]): void {
    const reasons = new Map<string, TestCase[]>();
    for (const module of modules) {
      for (const test of module.children.allTests('skipped')) {
        const { note = 'no reason given' } = test.result() as { note?: string };
        reasons.set(note, [...(reasons.get(note) ?? []), test]);
      }
    }
    // What `-t` leaves out was not asked for.
    if (this.#vitest?.getGlobalTestNamePattern()) reasons.delete('no reason given');
    const byCount = [...reasons].sort(([, a], [, b]) => b.length - a.length);
    for (const [reason, tests] of byCount) {
      const files = [...new Set(tests.map(({ module }) => module.relativeModuleId))].sort().join(', ');
      const more = tests.length > SHOWN ? `, and ${tests.length - SHOWN} more` : '';
      const names = tests.slice(0, SHOWN).map(({ name }) => name);
      console.log(` ${tests.length} skipped: ${reason}\n   ${files}: ${names.join(', ')}${more}`);
    }
  }
}
