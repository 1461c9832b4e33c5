/** Parquet with a column `input_ids`, a row for each document (with its source) or of a fixed length: `datasets`, Polars, DuckDB. */
import { ParquetWriter } from '../parquet-file.ts';
import { digits, type Engine, type TokenShape } from './engine.ts';
import { columnOf, type RowsOfIds, rowsOf } from './input-ids.ts';

export const PARQUET: Engine = {
  partTokens: 2 ** 27,
  rows: true,
  dtype: () => 'uint32',
  writer({ split, index, of }, shape, open) {
    const file = open(`data/${split}-${digits(index)}-of-${digits(of)}.parquet`);
    const writer = new ParquetWriter(file, columnsOf(shape), 'none');
    const add = ({ ids, ends, sources }: RowsOfIds): void =>
      writer.add([{ numbers: ids, ends }, ...(sources === undefined ? [] : [columnOf(sources)])], ends.length);
    return {
      add: rowsOf(shape, add),
      finish() {
        writer.finish();
        file.end();
        return null;
      },
    };
  },
};

const columnsOf = ({ context }: TokenShape) =>
  context > 0
    ? ([['input_ids', 'numbers']] as const)
    : ([
        ['input_ids', 'numbers'],
        ['source', 'text'],
      ] as const);
