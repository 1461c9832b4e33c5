import { z } from 'zod';
import { type Command, commandLine, defineCommand } from '../../crawlers/shell/command.ts';
import { badInput } from '../../crawlers/shell/errors.ts';
import type { Line } from '../nights/held.ts';

/** @param line of whoever composes the stations */
export const gateCommand = (line: () => Promise<Line>): Command =>
  defineCommand({
    name: 'gate',
    summary: 'what holds a night back, and whether it is published',
    examples: ['vua gate vua-out', 'vua gate vua-out --accept', 'vua gate vua-out --reject'],
    positional: 'out',
    options: z.object({
      out: z.string().describe('folder of the run'),
      accept: z.boolean().default(false).describe('publish the night that is held'),
      reject: z.boolean().default(false).describe('pages of the night that is held are never read again'),
    }),
    async run({ out, accept, reject }, work) {
      if (accept && reject) throw badInput('BAD_OPTION', '--accept and --reject: expected one of them');
      const { heldIn, acceptNight, rejectNight } = await import('../nights/held.ts');
      if (accept) return acceptNight(out, await line(), work);
      if (reject) return rejectNight(out, await line(), work);
      const { held, isNext } = heldIn(out) ?? {};
      if (held === undefined) {
        work.report.result(`${out}: no night is held`, { event: 'gate', out });
        return 0;
      }
      const { heldText } = await import('../nights/ask.ts');
      const note = isNext
        ? ''
        : `\na night was published since: ${commandLine(`run --out ${out}`)} takes its pages again`;
      work.report.result(`${heldText(out, held.findings)}${note}`, { event: 'gate', out, ...held, isNext });
      return 0;
    },
  });
