/** `OUT/summary.json`: what the last run that made something told. */
import { basename, join } from 'node:path';
import { readJsonIfPresent, writeFileAtomic } from '../../crawlers/shell/folder.ts';

/** What it says of the model in force. */
interface ToldModel {
  readonly checkpoint: string;
  readonly heldOutBitsPerByte: number;
}

const summaryPath = (out: string): string => join(out, 'summary.json');

/** @throws ToolkitError WRITE_FAILED, UNWRITABLE_FOLDER */
export const writeSummary = (out: string, summary: object): void =>
  writeFileAtomic(summaryPath(out), `${JSON.stringify(summary, null, 1)}\n`);

/** Whether the last summary is of this very model: not when a run was killed before its table. */
export function isTold(out: string, trained: ToldModel | undefined): boolean {
  const told = readJsonIfPresent<{ trained?: ToldModel }>(summaryPath(out));
  const { checkpoint = '', heldOutBitsPerByte } = told?.trained ?? {};
  const isSame = basename(checkpoint) === basename(trained?.checkpoint ?? ''); // the folder may have moved
  return told !== undefined && isSame && heldOutBitsPerByte === trained?.heldOutBitsPerByte;
}
