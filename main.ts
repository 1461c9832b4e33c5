#!/usr/bin/env node
/** The `vua` command line: a list of commands, one catch, exit codes. */
import './crawlers/shell/signals.ts';
import { randomBytes } from 'node:crypto';
import { Command as Commander, CommanderError } from 'commander';
import { crawlCapturesCommand } from './crawlers/commands/captures.ts';
import { crawlCommand } from './crawlers/commands/crawl.ts';
import { crawlReportCommand } from './crawlers/commands/report.ts';
import { packageVersion } from './crawlers/shell/assets.ts';
import {
  addCommand,
  addGlobalOptions,
  type Command,
  DONE,
  FAILED,
  gravest,
  INTERRUPTED,
  sayWhatIsAllowed,
} from './crawlers/shell/command.ts';
import { reasonOf, ToolkitError, visible } from './crawlers/shell/errors.ts';
import { writeFault } from './crawlers/shell/folder.ts';
import { createReporter, logLine } from './crawlers/shell/reporter.ts';
import { stopped } from './crawlers/shell/signals.ts';
import { runCommand } from './nightly.ts';
import { cleanCommand } from './shards/commands/clean.ts';
import { diffCommand } from './shards/commands/diff.ts';
import { exportDocumentsCommand } from './shards/commands/documents.ts';
import { explainCommand } from './shards/commands/explain.ts';
import { gateCommand } from './shards/commands/gate.ts';
import { gcCommand } from './shards/commands/gc.ts';
import { initCommand } from './shards/commands/init.ts';
import { inspectCommand } from './shards/commands/inspect.ts';
import { removeCommand } from './shards/commands/remove.ts';
import { rollbackCommand } from './shards/commands/rollback.ts';
import { snapshotsCommand } from './shards/commands/snapshots.ts';
import { statsCommand } from './shards/commands/stats.ts';
import { upgradeCommand } from './shards/commands/upgrade.ts';
import { verifyCommand } from './shards/commands/verify.ts';
import { tokenizerDecodeCommand } from './tokenizer/commands/decode.ts';
import { tokenizerEncodeCommand } from './tokenizer/commands/encode.ts';
import { tokenizerEvaluateCommand } from './tokenizer/commands/evaluate.ts';
import { tokenizerExplainCommand } from './tokenizer/commands/explain.ts';
import { tokensCommand } from './tokenizer/commands/tokens.ts';
import { tokenizerTrainCommand } from './tokenizer/commands/train.ts';
import { benchCommand } from './trainer/commands/bench.ts';
import { checkCommand } from './trainer/commands/check.ts';
import { doctorCommand } from './trainer/commands/doctor.ts';
import { exportCommand } from './trainer/commands/export.ts';
import { lrFindCommand } from './trainer/commands/lr-find.ts';
import { exportModelCommand } from './trainer/commands/model.ts';
import { planCommand } from './trainer/commands/plan.ts';
import { plotCommand } from './trainer/commands/plot.ts';
import { sampleCommand } from './trainer/commands/sample.ts';
import { trainCommand } from './trainer/commands/train.ts';
import { tuneCommand } from './trainer/commands/tune.ts';

/** By the headings of `vua --help`. */
const COMMANDS: Readonly<Record<string, readonly Command[]>> = {
  'The whole line': [
    runCommand,
    snapshotsCommand,
    rollbackCommand(async () => (await import('./trainer/record/models.ts')).returnTo),
    gcCommand,
    removeCommand(async () => (await import('./crawlers/erase-records.ts')).eraseRecords),
    upgradeCommand,
    gateCommand(async () => (await import('./nightly.ts')).heldLine),
    initCommand,
  ],
  Corpus: [crawlCommand, crawlReportCommand, crawlCapturesCommand, cleanCommand, explainCommand],
  Tokenizer: [
    tokenizerTrainCommand,
    tokenizerEncodeCommand,
    tokenizerDecodeCommand,
    tokenizerEvaluateCommand,
    tokenizerExplainCommand,
    tokensCommand,
  ],
  Trainer: [
    planCommand,
    lrFindCommand,
    trainCommand,
    sampleCommand,
    exportCommand,
    exportModelCommand,
    exportDocumentsCommand,
  ],
  'Look and check': [
    verifyCommand(async () => [
      (await import('./crawlers/verify.ts')).verifyCrawl,
      (await import('./tokenizer/verify.ts')).verifyTokenizer,
      (await import('./trainer/record/verify.ts')).verifyModel,
    ]),
    statsCommand,
    diffCommand,
    plotCommand,
    inspectCommand(async () => (await import('./trainer/page/bundle.ts')).trainingPage()),
  ],
  'This machine': [doctorCommand, checkCommand, benchCommand, tuneCommand],
};

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

const program = new Commander('vua')
  .description('Vựa: build Vietnamese corpora, train a tokenizer, train a transformer on WebGPU')
  .version(labels.version)
  .configureHelp({
    visibleCommands: ({ commands }) => [...commands],
    subcommandTerm: (command) => `${command.name()} ${command.usage().replace(/\[options\] ?/, '')}`.trim(),
  })
  .addHelpText('after', '\n`vua COMMAND --help` shows options and examples.')
  .configureOutput({ outputError: () => {}, writeErr: (text) => logJson || process.stderr.write(text) });
addGlobalOptions(sayWhatIsAllowed(program));
for (const [heading, commands] of Object.entries(COMMANDS)) {
  for (const command of commands) {
    addCommand(program, command, heading, async (chosen, options) => {
      const status = await chosen.run(options, { signal: stopped, report });
      process.exitCode = status ?? (stopped.aborted ? INTERRUPTED : DONE);
    });
  }
}

try {
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
  if (logJson) process.stderr.write(logLine({ event: 'error', code, message, hint }, labels, 'error'));
  else process.stderr.write(visible(`error ${code}: ${message}\n${hint ? `hint: ${hint}\n` : ''}`));
  if (debug && error instanceof Error)
    process.stderr.write(
      `${error.stack}\n${error.cause ? `cause: ${String((error.cause as Error).stack ?? error.cause)}\n` : ''}`,
    );
}
