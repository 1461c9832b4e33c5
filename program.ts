/** One command line of `vua`: what it says to whom, one catch, its exit status. The process around it is `main.ts`. */
import { randomBytes } from 'node:crypto';
import { CommanderError } from 'commander';
import { programOf } from './commands.ts';
import { packageVersion } from './crawlers/shell/assets.ts';
import { DONE, FAILED, gravest, INTERRUPTED } from './crawlers/shell/command.ts';
import { reasonOf, ToolkitError, visible } from './crawlers/shell/errors.ts';
import { writeFault } from './crawlers/shell/folder.ts';
import { languageOf, sayIn } from './crawlers/shell/language.ts';
import { createReporter, logLine, type OutputStream } from './crawlers/shell/reporter.ts';

export interface Terminal {
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  readonly environment: NodeJS.ProcessEnv;
  /** Aborted when the run should stop. */
  readonly stopped: AbortSignal;
}

/** @param words behind `vua`. @returns the exit status */
export async function runProgram(words: readonly string[], terminal: Terminal): Promise<number> {
  const { stdout, stderr, environment, stopped } = terminal;
  const json = words.includes('--json');
  const logJson = json || words.includes('--log-json');
  const debug = words.includes('--debug');
  const labels = { run: randomBytes(4).toString('hex'), version: packageVersion() };
  const report = createReporter({ json, logJson, labels }, stdout, stderr);
  stopped.addEventListener('abort', () => report.note('stopping after the work in hand (again: at once)'));

  let status = DONE;
  try {
    const program = await programOf({
      version: labels.version,
      say: await sayIn(languageOf(words, environment)),
      output: {
        outputError: () => {},
        writeOut: (text) => stdout.write(text),
        writeErr: (text) => logJson || stderr.write(text),
      },
      async start(command, options) {
        status = (await command.run(options, { signal: stopped, report })) ?? (stopped.aborted ? INTERRUPTED : DONE);
      },
    });
    const isHelpOf = words[0] === 'help' && program.commands.some((command) => command.name() === words[1]);
    await program.parseAsync(isHelpOf ? [...words.slice(1), '--help'] : words, { from: 'user' });
    return status;
  } catch (error) {
    return fail(error);
  }

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
    if (report.isLogging) stderr.write(logLine({ event: 'error', code, message, hint }, labels, 'error'));
    else stderr.write(visible(`error ${code}: ${message}\n${hint ? `hint: ${hint}\n` : ''}`));
    if (!debug || !(error instanceof Error)) return;
    const { stack, cause } = error;
    stderr.write(`${stack}\n${cause ? `cause: ${String((cause as Error).stack ?? cause)}\n` : ''}`);
  }
}
