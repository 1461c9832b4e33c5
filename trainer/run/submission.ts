/** The answers of a model to VMLU as vmlu.ai takes them. */
import { badInput } from '../../crawlers/shell/errors.ts';
import { writeFileAtomic } from '../../crawlers/shell/folder.ts';
import type { Measurement } from '../tasks/results.ts';
import { submissionCsv } from '../tasks/vmlu.ts';
import { readVmlu } from '../tasks/vmlu-items.ts';

/** @returns what was written @throws ToolkitError BAD_OPTION where there are no answers, or those of several scorers */
export function writeSubmission(
  path: string,
  { vmlu, shots, lower }: { readonly vmlu?: string; readonly shots: number; readonly lower: boolean },
  measured: readonly Measurement[],
): string {
  const own = measured.filter(({ card }) => card.task === 'vmlu');
  if (vmlu === undefined || own.length !== 1) {
    throw badInput(
      'BAD_OPTION',
      `--submission: ${own.length} measurements of VMLU, expected one`,
      'give --vmlu and one of --scorers, without --all',
    );
  }
  const data = readVmlu(vmlu, shots);
  writeFileAtomic(path, submissionCsv(data, own[0].results, lower));
  return `${path}: ${data.items.length} answers by ${own[0].card.scorer}`;
}
