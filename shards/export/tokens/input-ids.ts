/** Documents as the column `input_ids` (int32) that trainers of Hugging Face's kind take: a row each, or rows of one length. */
import { TextColumn } from '../../arrow/columns.ts';
import type { TextValues } from '../parquet-file.ts';
import { Lengths, type TokenDocuments, type TokenShape } from './engine.ts';
import { Rows } from './rows.ts';

/** Some rows; views that the next ones replace. */
export interface RowsOfIds {
  readonly ids: Int32Array;
  /** Row i is `ids[ends[i - 1] … ends[i]]`. */
  readonly ends: Uint32Array;
  /** Of each row; none where a row is of several documents. */
  readonly sources?: TextColumn;
}

/** Gives every row to `add`. */
export function rowsOf({ context }: TokenShape, add: (rows: RowsOfIds) => void): (documents: TokenDocuments) => void {
  if (context > 0) {
    const ends = new Lengths();
    const rows = new Rows(context, (tokens, count) => {
      ends.clear();
      for (let i = 1; i <= count; i++) ends.add(i * context);
      add({ ids: signed(tokens), ends: ends.values });
    });
    return ({ tokens }) => rows.add(tokens);
  }
  const sources = new TextColumn();
  return (documents) => {
    if (documents.count === 0) return;
    sources.clear();
    for (let i = 0; i < documents.count; i++) sources.append(documents.source(i));
    add({ ids: signed(documents.tokens), ends: documents.ends, sources });
  };
}

/** Of a column, as Parquet takes it. */
export function columnOf(column: TextColumn): TextValues {
  const { values, valueOffsets } = column.data();
  return { values, offsets: valueOffsets };
}

const signed = ({ buffer, byteOffset, length }: TokenDocuments['tokens']): Int32Array =>
  new Int32Array(buffer, byteOffset, length);
