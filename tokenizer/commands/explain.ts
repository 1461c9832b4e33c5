import { z } from 'zod';
import { nfc } from '../../cleaning/vietnamese/nfc.ts';
import { defineCommand } from '../../crawlers/shell/command.ts';
import { hasColour } from '../../crawlers/shell/reporter.ts';
import { tokenizerDir } from './encode.ts';

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
    const { Tokenizer } = await import('../load.ts');
    const { paint, piecesOf } = await import('../evaluate/explain.ts');
    const tokenizer = await Tokenizer.load(dir);
    const pieces = piecesOf(tokenizer, text);
    const bytes = Buffer.byteLength(nfc(text));
    const ratio = (bytes / Math.max(1, pieces.length)).toFixed(2);
    const rows = [
      paint(pieces, hasColour()),
      pieces.map(({ id }) => id).join(' '),
      `${pieces.length} tokens, ${bytes} bytes, ${ratio} bytes per token`,
    ];
    report.result(rows.join('\n'), { event: 'explained', pieces, bytes }, 'painted');
  },
});
