#!/usr/bin/env node
/** The `vua` command line: a list of commands, one catch, exit codes. */
import './crawlers/shell/signals.ts';
import { randomBytes } from 'node:crypto';
import { CommanderError } from 'commander';
import { programOf } from './commands.ts';
import { packageVersion } from './crawlers/shell/assets.ts';
import { DONE, FAILED, gravest, INTERRUPTED } from './crawlers/shell/command.ts';
import { reasonOf, ToolkitError, visible } from './crawlers/shell/errors.ts';
import { writeFault } from './crawlers/shell/folder.ts';
import { languageOf, sayIn } from './crawlers/shell/language.ts';
import { createReporter, logLine } from './crawlers/shell/reporter.ts';
import { stopped } from './crawlers/shell/signals.ts';

const json = process.argv.includes('--json');
const logJson = json || process.argv.includes('--log-json');
const debug = process.argv.includes('--debug');
const labels = { run: randomBytes(4).toString('hex'), version: packageVersion() };
const report = createReporter({ json, logJson, labels });

// A closed pipe (`vua stats DIR | head`) is success; a closed terminal has said so by SIGHUP.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EIO' && stream.isTTY) return;
    if (error.code !== 'EPIPE') process.exit(FAILED);
    if (stream === process.stdout) process.exit(0); // without a reader of its progress a run goes on
  });
}

stopped.addEventListener('abort', () => report.note('stopping after the work in hand (again: at once)'));

try {
  const program = programOf({
    version: labels.version,
    say: await sayIn(languageOf(process.argv, process.env)),
    async start(command, options) {
      const status = await command.run(options, { signal: stopped, report });
      process.exitCode = status ?? (stopped.aborted ? INTERRUPTED : DONE);
    },
  });
  program.configureOutput({ outputError: () => {}, writeErr: (text) => logJson || process.stderr.write(text) });
  await program.parseAsync();
} catch (error) {
  process.exitCode = fail(error);
}
// Dawn keeps the process alive; what was written to a pipe must still leave.
process.stdout.write('', () => process.stderr.write('', () => process.exit()));

/** Prints one line and a hint; the exit status. */
function fail(error: unknown): number {
  if (error instanceof CommanderError) return DONE; // --help, --version
  if (error instanceof ToolkitError) {
    printError(error.code, error.message, error.hint, error);
    return stopped.aborted ? gravest(error.exitStatus, INTERRUPTED) : error.exitStatus;
  }
  if (stopped.aborted) return INTERRUPTED;
  const { path, dest = path } = (error ?? {}) as { path?: string; dest?: string };
  const fault = writeFault(dest ?? 'a file of this run', error);
  if (fault !== undefined) return fail(fault);
  printError('UNEXPECTED', reasonOf(error), 'this is a fault of vua: run again with --debug and report it', error);
  return FAILED;
}

function printError(code: string, message: string, hint?: string, error?: unknown): void {
  if (report.isLogging) process.stderr.write(logLine({ event: 'error', code, message, hint }, labels, 'error'));
  else process.stderr.write(visible(`error ${code}: ${message}\n${hint ? `hint: ${hint}\n` : ''}`));
  if (debug && error instanceof Error)
    process.stderr.write(
      `${error.stack}\n${error.cause ? `cause: ${String((error.cause as Error).stack ?? error.cause)}\n` : ''}`,
    );
}
