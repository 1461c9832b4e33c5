/** A corpus of the sample's pages for tests of `vua inspect`, one of what a hostile web would put in, a tokenizer, a run. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cleanInputs } from '../../shards/documents/clean-inputs.ts';
import { askView } from '../../shards/inspector/api/ask.ts';
import { cardsView } from '../../shards/inspector/api/cards.ts';
import { quizView } from '../../shards/inspector/api/quiz.ts';
import { tokenizerView } from '../../shards/inspector/api/tokenizer.ts';
import { traceView } from '../../shards/inspector/api/trace.ts';
import { trainingView } from '../../shards/inspector/api/training.ts';
import { inspectorSite } from '../../shards/inspector/bundle.ts';
import { type RunningServer, startServer } from '../../shards/inspector/server.ts';
import { documentViews } from '../../shards/inspector/views.ts';
import { writeTokens } from '../../shards/tokens/write.ts';
import { Tokenizer } from '../../tokenizer/load.ts';
import { arenaDoor } from '../../trainer/arena/transcript.ts';
import { Assistant } from '../../trainer/ask/assistant.ts';
import { gallery } from '../../trainer/cards/gallery.ts';
import { readCurve } from '../../trainer/record/curve.ts';
import { record, writeAll } from '../crawlers/warc-records.ts';
import { document, drop, writeFolder } from '../shards/support.ts';
import { context, temporaryFolder } from '../support.ts';
import { writeTokenizer } from '../trainer/support.ts';

/** What strangers put into texts, titles and addresses. */
const HOSTILE = [
  '<script>window.broken = true</script><img src=x onerror="window.broken = true">',
  `"><svg onload="window.broken=true">${'\u202e'}đảo ngược${'\u2066'}${'\u0000'}\ud800 lẻ`,
  'javascript:alert(1) &lt;b&gt; {{constructor.constructor("window.broken=true")()}}',
  `${'a'.repeat(3_000_000)} một dòng rất dài`,
];

const SENTENCE =
  'Con kênh đào từ thời ông cố tôi nay chỉ còn rộng bằng hai sải tay, mùa nước lên vẫn đủ cho chiếc xuồng.';
/** With what must not run, and what extraction leaves out. */
const PAGE = `<!doctype html><html><head><title>Con kênh</title><script>window.broken = true</script></head><body>
  <nav id="menu" class="nav" onclick="window.broken = true"><a href="javascript:window.broken=true">Trang chủ</a><a href="/b">Bạn đọc</a></nav>
  <article><h1>Con kênh</h1>${Array.from({ length: 9 }, (_, i) => `<p>${SENTENCE} Chuyện thứ ${i} của xóm.</p>`).join('')}
  <table><tr><th>Năm</th><td>1903</td></tr></table><img src="http://x.test/a.png" alt="chiếc xuồng" onerror="window.broken = true">
  <iframe src="http://x.test/"></iframe><pre>a  &lt;script&gt;window.broken = true&lt;/script&gt;\n  b</pre></article>
  <footer class="footer">Bản quyền của xóm</footer></body></html>`;

export const HEAD = {
  unigramBitsPerByte: 2.4,
  untrainedBitsPerByte: 2.8,
  adapter: 'none',
  parameters: 1000,
  tokensPerStep: 64,
  trainBytesPerToken: 4,
};
const CURVE = [
  HEAD,
  ...Array.from({ length: 4000 }, (_, i) => ({
    ...{ step: i + 1, loss: 7 - i / 1000, gradNorm: 1, learningRate: 0.001, tokensPerSecond: 100, dataWaitMs: 1 },
    ...(i % 999 === 0 && { heldOutBitsPerByte: 2.5 - i / 10_000, heldOutBySource: { 'bao.vua.test': 2 } }),
  })),
];

export interface Inspected {
  /** `sample`, `hostile`, `archived`, `tokenizer`, `run/model`. */
  readonly root: string;
  readonly sample: string;
  readonly server: RunningServer;
}

/** @param withPages their scripts are bundled too */
export async function inspected({ withPages = false } = {}): Promise<Inspected> {
  const root = temporaryFolder('file');
  const sample = join(root, 'sample');
  const again = join(root, 'again.jsonl'); // a story told again with another end, and word for word
  const story = readFileSync('crawlers/sample/pages/vanhoc/ruoc-dau-nuoc-rong.md', 'utf8').replace(
    /^---.*?---\s*/s,
    '',
  );
  const told = [`${story.trim()} Chuyện đến đây là hết.`, story.trim()];
  writeFileSync(again, told.map((text, n) => JSON.stringify({ id: `again-${n}`, text })).join('\n'));
  await cleanInputs({ inputs: ['crawlers/sample/pages', again], outDir: sample, threads: 0 }, context());
  mkdirSync(join(root, 'hostile'));
  writeFolder(
    join(root, 'hostile'),
    HOSTILE.map((text, n) =>
      document(n, { text, title: text.slice(0, 90), url: `http://x.test/${text.slice(0, 40)}`, id: `h${n} <b>` }),
    ),
    { drops: [drop(1, { text: HOSTILE[0], title: HOSTILE[0], reason: 'too_short' })] },
  );
  const archived = join(root, 'archived');
  await writeAll(join(archived, 'crawl/warc'), [record(1, { url: 'http://xom.test/kenh', body: Buffer.from(PAGE) })]);
  await cleanInputs(
    { inputs: [join(archived, 'crawl/warc')], outDir: join(archived, 'documents'), threads: 0 },
    context(),
  );
  const tokenizerDir = join(root, 'tokenizer');
  const vocabSize = await writeTokenizer(tokenizerDir, 400);
  const tokenizer = await Tokenizer.load(tokenizerDir);
  const encode = (text: Uint8Array) => tokenizer.encode(text);
  const facts = { documentsDir: sample, tokenizerDir, encode, vocabSize, bosId: tokenizer.bosId, validShare: 0.05 };
  await writeTokens({ ...facts, outDir: join(root, 'tokens') }, context());
  mkdirSync(join(root, 'run/model'), { recursive: true });
  writeFileSync(join(root, 'run/model/curve.jsonl'), CURVE.map((line) => `${JSON.stringify(line)}\n`).join(''));
  const views = [
    ...documentViews,
    tokenizerView((dir) => Tokenizer.load(dir)),
    traceView(async () => Tokenizer.parse),
    trainingView(async () => readCurve),
    askView(async () => Assistant),
    cardsView(async () => gallery),
    quizView(async () => arenaDoor),
  ];
  const server = await startServer({
    dir: root,
    host: '127.0.0.1',
    port: 0,
    views,
    site: withPages ? await inspectorSite(views) : undefined,
    pages: {},
  });
  return { root, sample, server };
}
