import { type Command, defineCommand } from '../../crawlers/shell/command.ts';
import { exportCommand } from './export.ts';

/** `vua export` without a word behind it is the same. */
export const exportModelCommand: Command = defineCommand({
  ...exportCommand,
  name: 'export model',
  examples: exportCommand.examples.map((example) => example.replace('vua export', 'vua export model')),
});
