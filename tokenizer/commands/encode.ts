import { dirname } from 'node:path';
import { z } from 'zod';
import { defineCommand, INTERRUPTED } from '../../crawlers/shell/command.ts';
import { badInput } from '../../crawlers/shell/errors.ts';
import { AtomicFile, makeFolder } from '../../crawlers/shell/folder.ts';
import { formatCount } from '../../crawlers/shell/reporter.ts';
import { breathe } from '../../crawlers/shell/work.ts';
import { formatNamed } from '../evaluate/ids.ts';

export const tokenizerDir = z.string().describe('folder with tokenizer.json (vua tokenizer train)');

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
    const { Tokenizer } = await import('../load.ts');
    const { chunksOf, slicesOf } = await import('../evaluate/slices.ts');
    const tokenizer = await Tokenizer.load(dir);
    const format = tokenizer.vocabSize > 0x10000 ? 'u32' : 'u16';
    if (out !== undefined && (formatNamed(out) ?? format) !== format) {
      throw badInput('BAD_OPTION', `--out ${out}: this tokenizer has ids of ${format}`, `end the name in .${format}`);
    }
    if (out !== undefined) makeFolder(dirname(out));
    const written = out === undefined ? undefined : new AtomicFile(out);
    try {
      let tokens = 0;
      for await (const text of slicesOf(chunksOf(file, signal))) {
        const ids = tokenizer.encode(text);
        tokens += ids.length;
        if (written === undefined) report.result(ids.join(' '), { event: 'encoded', ids: [...ids] });
        else written.write(new Uint8Array(ids.buffer, ids.byteOffset, ids.byteLength));
        await breathe();
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
