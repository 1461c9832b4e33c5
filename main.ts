#!/usr/bin/env node
/** The process of a `vua` command line (program.ts): signals, pipes that close, the exit. */
import './crawlers/shell/signals.ts';
import { FAILED } from './crawlers/shell/command.ts';
import { stopped } from './crawlers/shell/signals.ts';
import { runProgram } from './program.ts';

const { stdout, stderr, env: environment } = process;

// A closed pipe (`vua stats DIR | head`) is success; a closed terminal has said so by SIGHUP.
for (const stream of [stdout, stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EIO' && stream.isTTY) return;
    if (error.code !== 'EPIPE') process.exit(FAILED);
    if (stream === stdout) process.exit(0); // without a reader of its progress a run goes on
  });
}

process.exitCode = await runProgram(process.argv.slice(2), { stdout, stderr, environment, stopped });
// Dawn keeps the process alive; what was written to a pipe must still leave.
stdout.write('', () => stderr.write('', () => process.exit()));
