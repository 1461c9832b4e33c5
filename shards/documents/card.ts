/**
 * The dataset card of a folder: README.md, by which `datasets.load_dataset(FOLDER)` and the viewer of the Hugging Face hub
 * know what its files are.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomic } from '../../crawlers/shell/folder.ts';
import { formatBytes, formatCount } from '../../crawlers/shell/reporter.ts';
import type { DocumentManifest } from '../manifest-shape.ts';

export const CARD_FILE = 'README.md';
const TITLE = 'Vietnamese documents';
const ROWS_SAY = '- each row says its source, its licence as stated, and what its site says of its use';

/** What a snapshot says of itself. */
interface SnapshotFacts {
  readonly name: string;
  readonly parent: string | null;
  readonly published: string;
  readonly vua: string;
  readonly counts: Readonly<Record<'documents' | 'textBytes' | 'rejects' | 'trainTokens' | 'validTokens', number>>;
  readonly files: { readonly tokens: readonly unknown[] };
}

/** Of a folder that is no snapshot, unless another README stands there. @throws ToolkitError WRITE_FAILED */
export function writeCard(dir: string, { documents, rejects }: DocumentManifest): void {
  const path = join(dir, CARD_FILE);
  const before = existsSync(path) ? readFileSync(path, 'utf8') : undefined;
  if (before !== undefined && !before.includes(`\n# ${TITLE}\n`)) return;
  const kinds = [
    ['documents', 'documents-*.arrow', documents],
    ['rejects', 'rejects-*.arrow', rejects],
  ] as const;
  const configs = kinds.filter(([, , shards]) => shards.length > 0).map(([name, files]) => [name, files] as const);
  const rows = kinds.map(([, , shards]) => formatCount(shards.reduce((sum, shard) => sum + shard.rows, 0)));
  const card = dataCard(configs, TITLE, [`- ${rows[0]} documents, ${rows[1]} dropped pages`, ROWS_SAY]);
  if (card !== before) writeFileAtomic(path, card);
}

/** By folder of a snapshot. */
export function cardsOf(record: SnapshotFacts): { readonly documents: string; readonly tokens?: string } {
  const { name, parent, published, vua, counts, files } = record;
  const about = [
    `- snapshot ${name}, published ${published}${parent === null ? '' : `, made from ${parent}`}, by vua ${vua}`,
    `- ${formatCount(counts.documents)} documents, ${formatBytes(counts.textBytes)} of text; ${formatCount(counts.rejects)} dropped pages`,
  ];
  const tokens = `- ${formatCount(counts.trainTokens)} tokens to train on, ${formatCount(counts.validTokens)} held out`;
  return {
    documents: dataCard(
      [
        ['documents', 'documents-*.arrow'],
        ['rejects', 'rejects-*.arrow'],
      ],
      TITLE,
      [...about, ROWS_SAY],
    ),
    ...(files.tokens.length > 0 && {
      tokens: dataCard(
        [
          ['train', 'train-*.arrow'],
          ['valid', 'valid-*.arrow'],
        ],
        'Vietnamese text as tokens',
        [...about, tokens, '- `tokenizer.json` beside them turns them back into text; `valid` is never trained on'],
      ),
    }),
  };
}

/** @param configs names and their files; the first is the default */
export function dataCard(
  configs: readonly (readonly [name: string, files: string])[],
  title: string,
  facts: readonly string[],
): string {
  const yaml = configs.flatMap(([name, files]) => [
    `  - config_name: ${name}`,
    `    data_files: "${files}"`,
    ...(name === configs[0][0] ? ['    default: true'] : []),
  ]);
  const files = configs[0][1];
  const format = files.slice(files.lastIndexOf('.') + 1);
  const reading = [
    '```python',
    `datasets.load_dataset(FOLDER, "${configs[0][0]}", split="train")`,
    `pyarrow.dataset.dataset(sorted(glob.glob(FOLDER + "/${files}")), format="${format === 'jsonl' ? 'json' : format}")`,
    '```',
  ];
  const lines = [
    '---',
    'language: [vi]',
    'configs:',
    ...yaml,
    '---',
    '',
    `# ${title}`,
    '',
    ...facts,
    '',
    ...reading,
    '',
  ];
  return lines.join('\n');
}
