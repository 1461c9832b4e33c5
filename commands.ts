/** Every command of `vua`, and the program that they make: for `main.ts`, and for what describes them (CLI.md). */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command as Commander, type OutputConfiguration } from 'commander';
import {
  addEntry,
  addGlobalOptions,
  type Command,
  commandLine,
  complete,
  type Entry,
  entryOf,
  type Start,
  sayWhatIsAllowed,
} from './crawlers/shell/command.ts';
import type { Say } from './crawlers/shell/language.ts';

const tokenizer = async (dir: string) => (await import('./tokenizer/load.ts')).Tokenizer.load(dir);
const tellsTokens = async () => (await import('./tokenizer/write-tokens.ts')).tellTokens;
const tokenizerParser = async () => (await import('./tokenizer/load.ts')).Tokenizer.parse;

/** What rooms to the right of shards show in `vua inspect`. */
export async function broughtViews() {
  const { askView } = await import('./shards/inspector/api/ask.ts');
  const { cardsView } = await import('./shards/inspector/api/cards.ts');
  const { quizView } = await import('./shards/inspector/api/quiz.ts');
  const { tokenizerView } = await import('./shards/inspector/api/tokenizer.ts');
  const { traceView } = await import('./shards/inspector/api/trace.ts');
  const { trainingView } = await import('./shards/inspector/api/training.ts');
  const trace = traceView(tokenizerParser);
  const training = trainingView(async () => (await import('./trainer/record/curve.ts')).readCurve);
  const ask = askView(async () => (await import('./trainer/ask/assistant.ts')).Assistant);
  const cards = cardsView(async () => (await import('./trainer/cards/gallery.ts')).gallery);
  const quiz = quizView(async () => (await import('./trainer/arena/transcript.ts')).arenaDoor);
  const train = { name: 'train', title: { en: 'Train here', vi: 'Huấn luyện tại đây' }, endpoints: [] };
  const pages = async () => ({ train: await (await import('./trainer/page/bundle.ts')).trainingPage() });
  return { views: [tokenizerView(tokenizer), trace, training, ask, cards, quiz, train], pages };
}

/** Of the build: the pages of `vua inspect`, the library for browsers, and what `--help` says of each command. */
export async function writePages(dist: string): Promise<void> {
  const { writePage, writeLibrary } = await import('./trainer/page/bundle.ts');
  const { writeSite } = await import('./shards/inspector/bundle.ts');
  const { documentViews } = await import('./shards/inspector/views.ts');
  await writePage(`${dist}/trainer/page/site`);
  await writeLibrary(`${dist}/browser.js`);
  await writeEntries(`${dist}/entries.json`);
  await writeSite([...documentViews, ...(await broughtViews()).views], `${dist}/shards/inspector/site`);
}

const ask = async () =>
  (await import('./trainer/commands/ask.ts')).askCommand(async () => ({
    ...(await import('./shards/inspector/guard.ts')),
    ...(await import('./shards/search/search.ts')),
  }));

/** By the headings of `vua --help`: what loads each, as only the one that runs is needed. */
export const COMMANDS: Readonly<Record<string, Readonly<Record<string, () => Promise<Command>>>>> = {
  'The whole line': {
    run: async () => (await import('./nightly.ts')).runCommand,
    snapshots: async () => (await import('./shards/commands/snapshots.ts')).snapshotsCommand,
    rollback: async () =>
      (await import('./shards/commands/rollback.ts')).rollbackCommand(
        async () => (await import('./trainer/record/models.ts')).returnTo,
      ),
    gc: async () => (await import('./shards/commands/gc.ts')).gcCommand,
    remove: async () =>
      (await import('./shards/commands/remove.ts')).removeCommand(
        async () => (await import('./crawlers/erase-records.ts')).eraseRecords,
      ),
    upgrade: async () => (await import('./shards/commands/upgrade.ts')).upgradeCommand,
    gate: async () =>
      (await import('./shards/commands/gate.ts')).gateCommand(async () => (await import('./nightly.ts')).heldLine),
    init: async () =>
      (await import('./shards/commands/init.ts')).initCommand(async (command) =>
        command === 'ask' ? (await ask()).options : (await import('./nightly.ts')).runOptions,
      ),
  },
  Corpus: {
    crawl: async () => (await import('./crawlers/commands/crawl.ts')).crawlCommand,
    'crawl report': async () => (await import('./crawlers/commands/report.ts')).crawlReportCommand,
    'crawl captures': async () => (await import('./crawlers/commands/captures.ts')).crawlCapturesCommand,
    clean: async () => (await import('./shards/commands/clean.ts')).cleanCommand,
    explain: async () => (await import('./shards/commands/explain.ts')).explainCommand,
    'quality apply': async () => (await import('./shards/commands/quality-apply.ts')).qualityApplyCommand,
  },
  Tokenizer: {
    'tokenizer train': async () => (await import('./tokenizer/commands/train.ts')).tokenizerTrainCommand,
    'tokenizer extend': async () => (await import('./tokenizer/commands/extend.ts')).tokenizerExtendCommand,
    'tokenizer encode': async () => (await import('./tokenizer/commands/encode.ts')).tokenizerEncodeCommand,
    'tokenizer decode': async () => (await import('./tokenizer/commands/decode.ts')).tokenizerDecodeCommand,
    'tokenizer evaluate': async () => (await import('./tokenizer/commands/evaluate.ts')).tokenizerEvaluateCommand,
    'tokenizer explain': async () => (await import('./tokenizer/commands/explain.ts')).tokenizerExplainCommand,
    tokens: async () => (await import('./tokenizer/commands/tokens.ts')).tokensCommand,
    'tokens import': async () => (await import('./shards/commands/import.ts')).importTokensCommand(tokenizer),
  },
  Trainer: {
    plan: async () => (await import('./trainer/commands/plan.ts')).planCommand,
    'lr-find': async () => (await import('./trainer/commands/lr-find.ts')).lrFindCommand,
    train: async () => (await import('./trainer/commands/train.ts')).trainCommand,
    ablate: async () => (await import('./trainer/commands/ablate.ts')).ablateCommand,
    'quality train': async () => (await import('./trainer/commands/quality-train.ts')).qualityTrainCommand,
    sample: async () => (await import('./trainer/commands/sample.ts')).sampleCommand,
    conversations: async () => (await import('./trainer/commands/conversations.ts')).conversationsCommand,
    instruct: async () => (await import('./trainer/commands/instruct.ts')).instructCommand,
    score: async () => (await import('./trainer/commands/score.ts')).scoreCommand,
    'score compare': async () => (await import('./trainer/commands/compare.ts')).scoreCompareCommand,
    'score grade': async () => (await import('./trainer/commands/grade.ts')).scoreGradeCommand,
    export: async () => (await import('./trainer/commands/export.ts')).exportCommand,
    'export model': async () => (await import('./trainer/commands/model.ts')).exportModelCommand,
    'export documents': async () => (await import('./shards/commands/documents.ts')).exportDocumentsCommand,
    'export tokens': async () => (await import('./shards/commands/tokens.ts')).exportTokensCommand(tokenizerParser),
    merge: async () => (await import('./shards/commands/merge.ts')).mergeCommand(tellsTokens),
  },
  'What a model is for': {
    ask,
    card: async () => (await import('./trainer/commands/card.ts')).cardCommand,
    'card check': async () => (await import('./trainer/commands/card-check.ts')).cardCheckCommand,
    arena: async () => (await import('./trainer/commands/arena.ts')).arenaCommand,
  },
  'Look and check': {
    verify: async () =>
      (await import('./shards/commands/verify.ts')).verifyCommand(async () => [
        (await import('./crawlers/verify.ts')).verifyCrawl,
        (await import('./tokenizer/verify.ts')).verifyTokenizer,
        (await import('./trainer/record/verify.ts')).verifyModel,
      ]),
    stats: async () => (await import('./shards/commands/stats.ts')).statsCommand,
    diff: async () => (await import('./shards/commands/diff.ts')).diffCommand,
    search: async () => (await import('./shards/commands/search.ts')).searchCommand,
    show: async () => (await import('./shards/commands/show.ts')).showCommand,
    trace: async () => (await import('./shards/commands/trace.ts')).traceCommand(tokenizerParser),
    plot: async () => (await import('./trainer/commands/plot.ts')).plotCommand,
    inspect: async () => (await import('./shards/commands/inspect.ts')).inspectCommand(broughtViews),
  },
  Elsewhere: {
    push: async () => (await import('./crawlers/commands/push.ts')).pushCommand,
    pull: async () => (await import('./crawlers/commands/pull.ts')).pullCommand,
  },
  'This machine': {
    doctor: async () => (await import('./trainer/commands/doctor.ts')).doctorCommand,
    check: async () => (await import('./trainer/commands/check.ts')).checkCommand,
    bench: async () => (await import('./trainer/commands/bench.ts')).benchCommand,
    tune: async () => (await import('./trainer/commands/tune.ts')).tuneCommand,
  },
};

/** All of them, loaded. */
export const allCommands = (): Promise<Command[]> =>
  Promise.all(Object.values(COMMANDS).flatMap((loaders) => Object.values(loaders).map((load) => load())));

/** What the build says of each by its name; a checkout has no such file, and loads them. */
const ENTRIES = join(import.meta.dirname, 'entries.json');

/** Of the build. */
async function writeEntries(path: string): Promise<void> {
  const entries = (await allCommands()).map((command) => [command.name, entryOf(command)]);
  writeFileSync(path, JSON.stringify(Object.fromEntries(entries)));
}

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

/** The command line, its help said by `say`. A command is given its options when its turn comes. */
export async function programOf({ version, say, start, output = {} }: ProgramFacts): Promise<Commander> {
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
  const loaders = new Map<Commander, () => Promise<Command>>();
  const entries: Record<string, Entry> = existsSync(ENTRIES) ? JSON.parse(readFileSync(ENTRIES, 'utf8')) : {};
  for (const [heading, commands] of Object.entries(COMMANDS)) {
    for (const [name, load] of Object.entries(commands)) {
      loaders.set(addEntry(program, name, entries[name] ?? entryOf(await load()), heading, say), load);
    }
  }
  for (const parent of [program, ...program.commands]) {
    parent.hook('preSubcommand', async (_, leaf) => {
      const command = await loaders.get(leaf)?.();
      loaders.delete(leaf);
      if (command !== undefined) complete(leaf, command, start, say);
    });
  }
  return program;
}
