/** The dataset card of a folder of a snapshot: README.md, as the Hugging Face hub reads it. */
import { formatBytes, formatCount } from '../../crawlers/shell/reporter.ts';
import type { Part, SnapshotRecord } from './shape.ts';

/** By folder. */
export function cardsOf(record: SnapshotRecord): Partial<Record<Part, string>> {
  const { name, parent, published, vua, counts, files } = record;
  const about = [
    `- snapshot ${name}, published ${published}${parent === null ? '' : `, made from ${parent}`}, by vua ${vua}`,
    `- ${formatCount(counts.documents)} documents, ${formatBytes(counts.textBytes)} of text; ${formatCount(counts.rejects)} dropped pages`,
  ];
  const tokens = `- ${formatCount(counts.trainTokens)} tokens to train on, ${formatCount(counts.validTokens)} held out`;
  return {
    documents: card(
      [
        ['documents', 'documents-*.arrow'],
        ['rejects', 'rejects-*.arrow'],
      ],
      'Vietnamese documents',
      [...about, '- each row says its source, its licence as stated, and what its site says of its use'],
    ),
    ...(files.tokens.length > 0 && {
      tokens: card(
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

function card(configs: readonly (readonly [string, string])[], title: string, facts: readonly string[]): string {
  const yaml = configs.flatMap(([name, files]) => [
    `  - config_name: ${name}`,
    `    data_files: "${files}"`,
    ...(name === configs[0][0] ? ['    default: true'] : []),
  ]);
  return ['---', 'language: [vi]', 'configs:', ...yaml, '---', '', `# ${title}`, '', ...facts, ''].join('\n');
}
