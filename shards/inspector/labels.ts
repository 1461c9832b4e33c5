/**
 * What a reader thinks of documents: `DIR.labels.jsonl`, beside the folder, a line for each judgement. The last one of a
 * document counts; the file is only ever added to.
 */
import { existsSync, readFileSync } from 'node:fs';
import { appendToFile } from '../../crawlers/shell/folder.ts';

export const LABELS = ['good', 'bad', 'none'] as const;
export type Label = (typeof LABELS)[number];

export interface LabelLine {
  /** ISO 8601, UTC. */
  readonly time: string;
  readonly id: string;
  /** `none` takes back what was said. */
  readonly label: Label;
  /** Fingerprint of the documents that were looked at. */
  readonly corpus: string;
}

export const labelsPath = (dir: string): string => `${dir.replace(/[/\\]+$/, '')}.labels.jsonl`;

/** By id; what was taken back is not among them. Lines that a power cut tore are passed over. */
export function readLabels(dir: string): Map<string, LabelLine> {
  const path = labelsPath(dir);
  const labels = new Map<string, LabelLine>();
  if (!existsSync(path)) return labels;
  for (const text of readFileSync(path, 'utf8').split('\n')) {
    const line = parsed(text);
    if (line === undefined) continue;
    labels.delete(line.id);
    if (line.label !== 'none') labels.set(line.id, line);
  }
  return labels;
}

/** @throws ToolkitError WRITE_FAILED, UNWRITABLE_FOLDER */
export const writeLabel = (dir: string, line: LabelLine): void =>
  appendToFile(labelsPath(dir), `${JSON.stringify(line)}\n`);

function parsed(text: string): LabelLine | undefined {
  try {
    const line = JSON.parse(text) as LabelLine;
    return typeof line.id === 'string' && LABELS.includes(line.label) ? line : undefined;
  } catch {
    return undefined;
  }
}
