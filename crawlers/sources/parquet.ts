/** Parquet, a page for each row. Fields are those of JSON lines; columns that nobody asks for are not read. */
import { fileRanges, openParquet, type ParquetFile, readColumns } from '../bytes/parquet.ts';
import { badInput, type ToolkitError } from '../shell/errors.ts';
import { unreadable } from '../warc/file-input.ts';
import { BadRows } from './bad-rows.ts';
import { noColumn } from './csv.ts';
import { BadRow, type Look, lookIn, pageOfRow, pathsAsked, pathsOf } from './fields.ts';
import { changedAt, countSkip, type Source } from './source.ts';

export const parquet: Source = {
  endings: ['.parquet'],
  async *read(file, context) {
    const { signal, onRead, note, from, to } = context;
    const within = from === undefined || to === undefined ? undefined : ([from, to] as const);
    const fetchedAt = changedAt(file);
    const bytes = opened(file.path);
    const bad = new BadRows('row');
    const faults: ToolkitError[] = [];
    try {
      const table = await openParquet(bytes);
      const asked = columnsFor(pathsAsked(context), table);
      const texts = pathsOf('text', context);
      if (!texts.some((path) => asked.has(path))) throw noColumn(file.path, texts[0], table.columns);
      const onFault = (fault: ToolkitError): void => void faults.push(fault);
      for await (const batch of readColumns(table, [...new Set(asked.values())], { signal, onRead, onFault, within })) {
        for (let row = 0; row < batch.rows; row++) {
          if (signal?.aborted) return;
          const number = batch.at + row + 1;
          const look = lookInRow((column) => batch.columns.get(column)?.[row], asked);
          if (texts.every((path) => look(path) === undefined)) {
            countSkip(context, 'row without text');
            continue;
          }
          try {
            yield pageOfRow(look, { file, number, fetchedAt }, context);
          } catch (error) {
            if (!(error instanceof BadRow)) throw error;
            bad.add(number, error.message);
          }
        }
      }
    } finally {
      bytes.close();
    }
    if (bad.count > 0) faults.push(badInput('BAD_ROW', bad.said(file), 'the other rows were read'));
    const last = faults.pop();
    for (const { message } of faults) note(message);
    if (last !== undefined && !signal?.aborted) throw last;
  },
};

function opened(path: string): ReturnType<typeof fileRanges> {
  try {
    return fileRanges(path);
  } catch (error) {
    throw unreadable(path, error);
  }
}

/** Which column holds what stands at a path: its own, also in a map, or one of JSON in strings. */
function columnsFor(paths: readonly string[], { columns, maps }: ParquetFile): ReadonlyMap<string, string> {
  const asked = new Map<string, string>();
  for (const path of paths) {
    let holder = path;
    while (holder !== '' && !columns.includes(holder)) holder = holder.slice(0, Math.max(0, holder.lastIndexOf('.')));
    if (holder !== '') asked.set(path, maps.has(holder) ? path : holder);
  }
  return asked;
}

const lookInRow =
  (value: (column: string) => unknown, asked: ReadonlyMap<string, string>): Look =>
  (path) => {
    const column = asked.get(path);
    const found = column === undefined ? undefined : (value(column) ?? undefined);
    if (column === path || !(found instanceof Uint8Array)) return column === path ? found : undefined;
    return lookIn({ [column!]: Buffer.from(found).toString() })(path);
  };
