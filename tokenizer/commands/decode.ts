import { dirname } from 'node:path';
import { z } from 'zod';
import { defineCommand, INTERRUPTED } from '../../crawlers/shell/command.ts';
import { AtomicFile, makeFolder } from '../../crawlers/shell/folder.ts';
import { breathe } from '../../crawlers/shell/work.ts';
import { formatNamed, ID_FORMATS, idsOf } from '../evaluate/ids.ts';
import { tokenizerDir } from './encode.ts';

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
    const { Tokenizer } = await import('../load.ts');
    const { chunksOf } = await import('../evaluate/slices.ts');
    const tokenizer = await Tokenizer.load(dir);
    const from = format ?? formatNamed(file) ?? 'text';
    if (out !== undefined) makeFolder(dirname(out));
    const written = out === undefined ? undefined : new AtomicFile(out);
    const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
    try {
      let text = '';
      for await (const ids of idsOf(chunksOf(file, signal), from, file, tokenizer.vocabSize)) {
        const more = decoder.decode(tokenizer.decodeBytes(ids), { stream: true });
        if (written === undefined) text += more;
        else written.write(more);
        await breathe();
        if (signal.aborted) return INTERRUPTED;
      }
      text += decoder.decode();
      if (written === undefined) return void report.result(text, { event: 'decoded', text }, 'exact');
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
