/** The views that this room brings. Rooms to the right bring theirs; `commands.ts` puts them together. */
import { document, documents } from './api/documents.ts';
import { label, labels } from './api/labels.ts';
import { leftOut, original } from './api/left-out.ts';
import { diff, nights } from './api/nights.ts';
import { corpora, histograms, overview } from './api/overview.ts';
import { rules, whatIf } from './api/rejects.ts';
import { sql, sqlCsv, sqlPackage, sqlTables } from './api/sql.ts';
import type { View } from './view.ts';

const page = (name: string): URL => new URL(`./pages/${name}.ts`, import.meta.url);

export const documentViews: readonly View[] = [
  {
    name: 'overview',
    title: { en: 'Overview', vi: 'Tổng quan' },
    page: page('overview'),
    endpoints: [corpora, overview, histograms],
  },
  {
    name: 'documents',
    title: { en: 'Documents', vi: 'Tài liệu' },
    page: page('documents'),
    endpoints: [documents, document, leftOut, original, labels, label],
  },
  { name: 'rejects', title: { en: 'Rejects', vi: 'Bị loại' }, page: page('rejects'), endpoints: [rules, whatIf] },
  { name: 'nights', title: { en: 'Nights', vi: 'Các đêm' }, page: page('nights'), endpoints: [nights, diff] },
  { name: 'sql', title: { en: 'SQL', vi: 'SQL' }, page: page('sql'), endpoints: [sql, sqlCsv, sqlTables, sqlPackage] },
];
