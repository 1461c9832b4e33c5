/** A folder that `datasets.load_from_disk` opens, a split each; `input_ids` and the source of each document. */
import { Field, Int32, List, makeData, RecordBatch, Schema, Struct, Utf8 } from 'apache-arrow';
import { DatasetWriter, datasetFacts } from '../dataset-file.ts';
import { digits, type Engine } from './engine.ts';
import { rowsOf } from './input-ids.ts';

const ITEM = new Field('item', new Int32(), true);
const LIST = new List(ITEM);
const IDS = new Field('input_ids', LIST, true);
const SOURCE = new Field('source', new Utf8(), true);
const SCHEMAS = { rows: new Schema([IDS]), documents: new Schema([IDS, SOURCE]) };
const VALUE = (dtype: string) => ({ dtype, _type: 'Value' });

export const DATASETS: Engine = {
  partTokens: 2 ** 27,
  rows: true,
  dtype: () => 'uint32',
  writer({ split, index, of }, shape, open) {
    const file = open(`${split}/data-${digits(index)}-of-${digits(of)}.arrow`);
    const schema = shape.context > 0 ? SCHEMAS.rows : SCHEMAS.documents;
    const writer = new DatasetWriter(file, schema);
    const add = rowsOf(shape, ({ ids, ends, sources }) => {
      const length = ends.length;
      const valueOffsets = new Int32Array(length + 1);
      valueOffsets.set(ends, 1);
      const child = makeData({ type: ITEM.type as Int32, length: ids.length, nullCount: 0, data: ids });
      const column = makeData({ type: LIST, length, nullCount: 0, valueOffsets, child });
      const children = [column, ...(sources === undefined ? [] : [sources.data()])];
      writer.write(
        new RecordBatch(schema, makeData({ type: new Struct(schema.fields), length, nullCount: 0, children })),
      );
    });
    return {
      add,
      finish() {
        writer.finish();
        file.end();
        return null;
      },
    };
  },
  index(_split, parts, { context }) {
    const files = parts.flatMap((part) => part.files.map(({ name, bytes }) => ({ name: name.split('/')[1], bytes })));
    const ids = { feature: VALUE('int32'), _type: 'Sequence' };
    return datasetFacts({ files }, context > 0 ? { input_ids: ids } : { input_ids: ids, source: VALUE('string') });
  },
  root: (splits) => ({ 'dataset_dict.json': JSON.stringify({ splits }) }),
};
