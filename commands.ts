/** Every command of `vua`, and the program that they make: for `main.ts`, and for what describes them (CLI.md). */
import { Command as Commander, type OutputConfiguration } from 'commander';
import { crawlCapturesCommand } from './crawlers/commands/captures.ts';
import { crawlCommand } from './crawlers/commands/crawl.ts';
import { pullCommand } from './crawlers/commands/pull.ts';
import { pushCommand } from './crawlers/commands/push.ts';
import { crawlReportCommand } from './crawlers/commands/report.ts';
import {
  addCommand,
  addGlobalOptions,
  type Command,
  commandLine,
  type Start,
  sayWhatIsAllowed,
} from './crawlers/shell/command.ts';
import type { Say } from './crawlers/shell/language.ts';
import { runCommand } from './nightly.ts';
import { cleanCommand } from './shards/commands/clean.ts';
import { diffCommand } from './shards/commands/diff.ts';
import { exportDocumentsCommand } from './shards/commands/documents.ts';
import { explainCommand } from './shards/commands/explain.ts';
import { gateCommand } from './shards/commands/gate.ts';
import { gcCommand } from './shards/commands/gc.ts';
import { importTokensCommand } from './shards/commands/import.ts';
import { initCommand } from './shards/commands/init.ts';
import { inspectCommand } from './shards/commands/inspect.ts';
import { mergeCommand } from './shards/commands/merge.ts';
import { qualityApplyCommand } from './shards/commands/quality-apply.ts';
import { removeCommand } from './shards/commands/remove.ts';
import { rollbackCommand } from './shards/commands/rollback.ts';
import { searchCommand } from './shards/commands/search.ts';
import { showCommand } from './shards/commands/show.ts';
import { snapshotsCommand } from './shards/commands/snapshots.ts';
import { statsCommand } from './shards/commands/stats.ts';
import { exportTokensCommand } from './shards/commands/tokens.ts';
import { traceCommand } from './shards/commands/trace.ts';
import { upgradeCommand } from './shards/commands/upgrade.ts';
import { verifyCommand } from './shards/commands/verify.ts';
import { tokenizerDecodeCommand } from './tokenizer/commands/decode.ts';
import { tokenizerEncodeCommand } from './tokenizer/commands/encode.ts';
import { tokenizerEvaluateCommand } from './tokenizer/commands/evaluate.ts';
import { tokenizerExplainCommand } from './tokenizer/commands/explain.ts';
import { tokenizerExtendCommand } from './tokenizer/commands/extend.ts';
import { tokensCommand } from './tokenizer/commands/tokens.ts';
import { tokenizerTrainCommand } from './tokenizer/commands/train.ts';
import { ablateCommand } from './trainer/commands/ablate.ts';
import { arenaCommand } from './trainer/commands/arena.ts';
import { askCommand } from './trainer/commands/ask.ts';
import { benchCommand } from './trainer/commands/bench.ts';
import { cardCommand } from './trainer/commands/card.ts';
import { cardCheckCommand } from './trainer/commands/card-check.ts';
import { checkCommand } from './trainer/commands/check.ts';
import { scoreCompareCommand } from './trainer/commands/compare.ts';
import { conversationsCommand } from './trainer/commands/conversations.ts';
import { doctorCommand } from './trainer/commands/doctor.ts';
import { exportCommand } from './trainer/commands/export.ts';
import { scoreGradeCommand } from './trainer/commands/grade.ts';
import { instructCommand } from './trainer/commands/instruct.ts';
import { lrFindCommand } from './trainer/commands/lr-find.ts';
import { exportModelCommand } from './trainer/commands/model.ts';
import { planCommand } from './trainer/commands/plan.ts';
import { plotCommand } from './trainer/commands/plot.ts';
import { qualityTrainCommand } from './trainer/commands/quality-train.ts';
import { sampleCommand } from './trainer/commands/sample.ts';
import { scoreCommand } from './trainer/commands/score.ts';
import { trainCommand } from './trainer/commands/train.ts';
import { tuneCommand } from './trainer/commands/tune.ts';

/** What rooms to the right of shards show in `vua inspect`. */
export async function broughtViews() {
  const { askView } = await import('./shards/inspector/api/ask.ts');
  const { cardsView } = await import('./shards/inspector/api/cards.ts');
  const { quizView } = await import('./shards/inspector/api/quiz.ts');
  const { tokenizerView } = await import('./shards/inspector/api/tokenizer.ts');
  const { traceView } = await import('./shards/inspector/api/trace.ts');
  const { trainingView } = await import('./shards/inspector/api/training.ts');
  const tokenizer = tokenizerView(async (dir) => (await import('./tokenizer/load.ts')).Tokenizer.load(dir));
  const trace = traceView(async () => (await import('./tokenizer/load.ts')).Tokenizer.parse);
  const training = trainingView(async () => (await import('./trainer/record/curve.ts')).readCurve);
  const ask = askView(async () => (await import('./trainer/ask/assistant.ts')).Assistant);
  const cards = cardsView(async () => (await import('./trainer/cards/gallery.ts')).gallery);
  const quiz = quizView(async () => (await import('./trainer/arena/transcript.ts')).arenaDoor);
  const train = { name: 'train', title: { en: 'Train here', vi: 'Huấn luyện tại đây' }, endpoints: [] };
  const pages = async () => ({ train: await (await import('./trainer/page/bundle.ts')).trainingPage() });
  return { views: [tokenizer, trace, training, ask, cards, quiz, train], pages };
}

/** Of the build: the pages of `vua inspect`, and the library for browsers. */
export async function writePages(dist: string): Promise<void> {
  const { writePage, writeLibrary } = await import('./trainer/page/bundle.ts');
  const { writeSite } = await import('./shards/inspector/bundle.ts');
  const { documentViews } = await import('./shards/inspector/views.ts');
  await writePage(`${dist}/trainer/page/site`);
  await writeLibrary(`${dist}/browser.js`);
  await writeSite([...documentViews, ...(await broughtViews()).views], `${dist}/shards/inspector/site`);
}

/** By the headings of `vua --help`. */
export const COMMANDS: Readonly<Record<string, readonly Command[]>> = {
  'The whole line': [
    runCommand,
    snapshotsCommand,
    rollbackCommand(async () => (await import('./trainer/record/models.ts')).returnTo),
    gcCommand,
    removeCommand(async () => (await import('./crawlers/erase-records.ts')).eraseRecords),
    upgradeCommand,
    gateCommand(async () => (await import('./nightly.ts')).heldLine),
    initCommand(async () => (await import('./nightly.ts')).runOptions),
  ],
  Corpus: [crawlCommand, crawlReportCommand, crawlCapturesCommand, cleanCommand, explainCommand, qualityApplyCommand],
  Tokenizer: [
    tokenizerTrainCommand,
    tokenizerExtendCommand,
    tokenizerEncodeCommand,
    tokenizerDecodeCommand,
    tokenizerEvaluateCommand,
    tokenizerExplainCommand,
    tokensCommand,
    importTokensCommand(async (dir) => (await import('./tokenizer/load.ts')).Tokenizer.load(dir)),
  ],
  Trainer: [
    planCommand,
    lrFindCommand,
    trainCommand,
    ablateCommand,
    qualityTrainCommand,
    sampleCommand,
    conversationsCommand,
    instructCommand,
    scoreCommand,
    scoreCompareCommand,
    scoreGradeCommand,
    exportCommand,
    exportModelCommand,
    exportDocumentsCommand,
    exportTokensCommand(async () => (await import('./tokenizer/load.ts')).Tokenizer.parse),
    mergeCommand,
  ],
  'What a model is for': [
    askCommand(async () => ({
      ...(await import('./shards/inspector/guard.ts')),
      ...(await import('./shards/search/search.ts')),
    })),
    cardCommand,
    cardCheckCommand,
    arenaCommand,
  ],
  'Look and check': [
    verifyCommand(async () => [
      (await import('./crawlers/verify.ts')).verifyCrawl,
      (await import('./tokenizer/verify.ts')).verifyTokenizer,
      (await import('./trainer/record/verify.ts')).verifyModel,
    ]),
    statsCommand,
    diffCommand,
    searchCommand,
    showCommand,
    traceCommand(async () => (await import('./tokenizer/load.ts')).Tokenizer.parse),
    plotCommand,
    inspectCommand(broughtViews),
  ],
  Elsewhere: [pushCommand, pullCommand],
  'This machine': [doctorCommand, checkCommand, benchCommand, tuneCommand],
};

interface ProgramFacts {
  readonly version: string;
  readonly say: Say;
  readonly start: Start;
  /** Where it writes; to the streams of the process when nothing is said. */
  readonly output?: OutputConfiguration;
}

/** What somebody does who has just come. */
function startHere(say: Say): string {
  const lines = [
    ['run --sample', 'the whole line on a bundled sample web: a few minutes, no GPU needed'],
    ['run --input FOLDER --out corpus', 'the same of your own pages, files and tables'],
    ['stats corpus', 'what was kept and dropped, and why'],
    ['doctor', 'the GPU that training would use'],
  ].map(([words, does]) => [`  ${commandLine(words)}`, say(does)]);
  const width = Math.max(...lines.map(([words]) => words.length));
  return [say('Start here:'), ...lines.map(([words, does]) => `${words.padEnd(width)}  ${does}`)].join('\n');
}

/** The command line, its help said by `say`. */
export function programOf({ version, say, start, output = {} }: ProgramFacts): Commander {
  const program = new Commander('vua')
    .configureOutput(output) // commands take it over when they are added
    .description(say('Vựa: build Vietnamese corpora, train a tokenizer, train a transformer on WebGPU'))
    .version(version, '-V, --version', say('output the version number'))
    .configureHelp({
      visibleCommands: ({ commands }) => [...commands],
      subcommandTerm: (command) => `${command.name()} ${command.usage().replace(/\[options\] ?/, '')}`.trim(),
      styleTitle: (title) => say(title),
    })
    .addHelpText('before', `${startHere(say)}\n`)
    .addHelpText('after', `\n${say('`vua COMMAND --help` shows options and examples.')}`);
  addGlobalOptions(sayWhatIsAllowed(program), say);
  for (const [heading, commands] of Object.entries(COMMANDS)) {
    for (const command of commands) addCommand(program, command, heading, start, say);
  }
  return program;
}
