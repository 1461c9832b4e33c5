import { readDocuments } from './shards/documents/read.ts';
import { forEachTerm } from './cleaning/vietnamese/terms.ts';
const texts: string[] = [];
for await (const b of readDocuments('/tmp/base/pack/documents')) for (let r = 0; r < b.rows; r++) texts.push(b.string('text', r));
for (let k = 0; k < 3; k++) { let c = 0; const t = process.cpuUsage(); for (const x of texts) forEachTerm(x, () => { c++; }); console.log(c, process.cpuUsage(t).user / 1e3); }
