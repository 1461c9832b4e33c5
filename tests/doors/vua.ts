/** The whole package through its one entry: a page, a folder of files, Parquet, tokens and a tokenizer. */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { cleanFiles, cleanHtml, exportDocuments, identify, openTokens, readDocuments, Tokenizer, train } from 'vua';

const story = `Sáng sớm trên sông Hậu, ghe thuyền tấp nập chở trái cây ra chợ nổi, người mua kẻ bán gọi nhau í ới.
  Mùi cà phê thơm lừng trong làn gió mát, tiếng máy nổ giòn lẫn với tiếng cười của mấy đứa trẻ đi theo mẹ.
  Đến gần trưa, nước rút dần, những chiếc xuồng nhỏ lại tản về các con rạch, để lại mặt sông phẳng lặng như tờ.`;
const html = `<title>Chợ nổi</title><article><h1>Chợ nổi</h1><p>${story.replaceAll('\n', '</p><p>')}</p></article>`;
const { title, isKept, text } = await cleanHtml(html, { url: 'https://bao.example/1' });
const { decisions } = await cleanHtml('<p>The floating market opens early in the morning, before it gets hot.</p>');
console.log(title, isKept, text.includes('sông Hậu'), decisions[0]?.reason, identify(story).code);

for (const name of ['files', 'cleaned', 'exported']) rmSync(name, { recursive: true, force: true });
mkdirSync('files');
writeFileSync('files/a.csv', `id,text\n1,"${story}"\n`);
const { report } = await cleanFiles({ inputs: ['files'], outDir: 'cleaned', threads: 0 });
for await (const batch of readDocuments('cleaned')) console.log(report.kept, batch.string('id', 0), batch.rows);
await exportDocuments({ dir: 'cleaned', out: 'exported', to: 'parquet' });
console.log(readdirSync('exported').join());
const tokenizer = await Tokenizer.load('tokens');
const tokens = await (await openTokens('tokens')).source('train').load(0);
console.log(tokenizer.decode(tokens.subarray(0, 40)).length > 20, typeof train);
