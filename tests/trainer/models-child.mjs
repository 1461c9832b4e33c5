/** Puts the models of a run in force one after the other until it is killed: `models-child.mjs OUT`. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { forgetOlder, nextModel, putInForce, readModels, writeRecord } from '../../dist/trainer/record/models.js';

const [out] = process.argv.slice(2);
for (;;) {
  const { inForce } = readModels(out);
  const place = nextModel(out, readModels(out));
  const checkpoint = join(place.dir, 'step-000010');
  mkdirSync(checkpoint);
  for (const name of ['a', 'b']) writeFileSync(join(checkpoint, name), place.name);
  const verdict = { accepted: true, bitsPerByte: 1, beforeName: inForce?.name, tolerance: 0 };
  const model = writeRecord(place, { begun: '', textBytes: 1, heldOut: '', verdict });
  putInForce(out, model);
  forgetOlder(out);
  process.stdout.write(`${model.name}\n`);
}
