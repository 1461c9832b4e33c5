/** What a folder of documents is, as MLCommons Croissant 1.0 says it (JSON-LD): files, columns, types. */
import { DOCUMENT_NUMBERS, DOCUMENT_TEXTS } from '../format.ts';

export interface WrittenFile {
  readonly name: string;
  readonly bytes: number;
  readonly rows: number;
}

const ENCODINGS = { parquet: 'application/x-parquet', jsonl: 'application/jsonlines' } as const;

const CONTEXT = {
  '@language': 'en',
  '@vocab': 'https://schema.org/',
  ...Object.fromEntries(
    ['column', 'extract', 'field', 'fileObject', 'fileSet', 'includes', 'recordSet', 'source'].map((term) => [
      term,
      `cr:${term}`,
    ]),
  ),
  conformsTo: 'dct:conformsTo',
  cr: 'http://mlcommons.org/croissant/',
  dataType: { '@id': 'cr:dataType', '@type': '@vocab' },
  dct: 'http://purl.org/dc/terms/',
  sc: 'https://schema.org/',
};

export function croissant(
  name: string,
  to: keyof typeof ENCODINGS,
  { files }: { readonly files: readonly WrittenFile[] },
) {
  const field = (column: string, dataType: string) => ({
    '@type': 'cr:Field',
    '@id': `documents/${column}`,
    name: column,
    dataType,
    source: { fileSet: { '@id': 'files' }, extract: { column } },
  });
  return {
    '@context': CONTEXT,
    '@type': 'sc:Dataset',
    name,
    description: `Vietnamese documents, cleaned by vua: ${files.reduce((sum, file) => sum + file.rows, 0)} rows`,
    conformsTo: 'http://mlcommons.org/croissant/1.0',
    inLanguage: 'vi',
    distribution: [
      {
        '@type': 'cr:FileObject',
        '@id': 'folder',
        name: 'folder',
        contentUrl: './',
        encodingFormat: 'inode/directory',
      },
      {
        '@type': 'cr:FileSet',
        '@id': 'files',
        name: 'files',
        containedIn: { '@id': 'folder' },
        encodingFormat: ENCODINGS[to],
        includes: `documents-*.${to}`,
      },
    ],
    recordSet: [
      {
        '@type': 'cr:RecordSet',
        '@id': 'documents',
        name: 'documents',
        field: [
          ...DOCUMENT_TEXTS.map((column) => field(column, 'sc:Text')),
          ...DOCUMENT_NUMBERS.map((column) => field(column, 'sc:Float')),
        ],
      },
    ],
  };
}
