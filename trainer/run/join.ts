/** A worker of a run that somewhere else directs: `vua train --join PLACE` without --out. */
import { badInput } from '../../crawlers/shell/errors.ts';
import { type Outcome, unattended, type Work } from '../../crawlers/shell/work.ts';
import { checkFacts, NAMES, type RunFacts } from '../elastic/log.ts';
import { getJson, pause, type Transport, transportAt } from '../elastic/transport.ts';
import { newSession, Worker } from '../elastic/worker.ts';
import { openGpu } from '../gpu/adapter.ts';
import { describe } from '../gpu/device.ts';
import { openFolders } from '../loader/token-folders.ts';
import { Trainer } from '../model/trainer.ts';
import { beatSeconds, seekable } from './elastic.ts';
import { identityOf } from './history.ts';
import type { TrainingOptions } from './options.ts';
import { modelOf, recipeOf } from './recipe.ts';
import { MAX_SKIPS } from './recipe-options.ts';
import { learningRate } from './schedule.ts';

export interface JoinOptions extends Pick<TrainingOptions, 'adapter' | 'gpu' | 'memoryGb'> {
  readonly join: string;
  /** Its own copies of the run's tokens, in their order; none: where the run's director has them. */
  readonly tokens: readonly string[];
  /** Its name among the workers, which decides whose rows come first; drawn where left out. */
  readonly workerName?: string;
  /** One that is open already, instead of what `join` names. */
  readonly transport?: Transport;
}

export interface JoinSummary {
  readonly name: string;
  /** Rounds to which it gave something. */
  readonly rounds: number;
  readonly adapter: string;
}

/**
 * Trains what the director leases to it until the run ends or it is stopped.
 * @throws ToolkitError OTHER_TOKENS (exit 2) for other tokens than the run's, OTHER_RUN where anything else is not alike,
 *   BAD_OPTION where the adapter lacks what weights are stored in; NAN_LOSS
 */
export async function joinTraining(options: JoinOptions, work: Work = unattended()): Promise<Outcome<JoinSummary>> {
  const { signal, report } = work;
  const transport = options.transport ?? transportAt(options.join);
  const facts = await factsOf(transport, work);
  const name = options.workerName ?? `w-${newSession()}`;
  if (!facts) return { outcome: 'interrupted', report: { name, rounds: 0, adapter: '' } };
  const said = facts.options as unknown as TrainingOptions;
  const asked: TrainingOptions = {
    ...said,
    ...(options.tokens.length > 0 && { tokens: options.tokens }),
    ...{ out: '', start: 'new', join: options.join, memoryGb: options.memoryGb },
  };
  const folders = await openFolders(asked.tokens);
  const { vocabSize } = folders[0].manifest;
  const config = modelOf(asked, vocabSize);
  refuseOther(facts, identityOf(asked, config, folders), transport.where);
  const gpu = options.gpu ?? (await openGpu(options.adapter));
  try {
    const adapter = describe(gpu.facts);
    report.note(`adapter: ${adapter}`);
    const precision = facts.storage === 'f16' ? 'mixed' : 'f32';
    const recipe = recipeOf({ ...asked, precision }, vocabSize, gpu.facts);
    const { seed, layout, maskDocuments = false, weights } = asked;
    const loader = seekable(folders, {
      ...{ rows: recipe.trainer.rows, length: config.context, paddedVocab: config.paddedVocab },
      ...{ seed, layout, maskDocuments, weights: weights.length > 0 ? weights : undefined },
    });
    const trainer = await Trainer.create(gpu, config, recipe.trainer);
    try {
      const worker = new Worker({
        ...{ name, transport, settings: facts.settings, trainer, loader, beatSeconds: beatSeconds(asked) },
        ...{ rateAt: (step: number) => learningRate(recipe.schedule, step), maxSkips: asked.maxSkips ?? MAX_SKIPS },
      });
      const progress = report.stage('train', 'steps', asked.steps);
      const heard = ({ begin, advance, round }: { begin: number; advance: number; round: number }): void =>
        progress.update(Math.floor(begin + advance), { round });
      const rounds = await worker.work(signal, heard);
      progress.finish({ rounds });
      const outcome = signal.aborted ? 'interrupted' : rounds > 0 ? 'written' : 'nothing_new';
      return { outcome, report: { name, rounds, adapter } };
    } finally {
      trainer.release();
      await loader.close();
    }
  } finally {
    if (gpu !== options.gpu) gpu.destroy();
  }
}

/** What is trained there, as soon as somebody says it. */
async function factsOf(transport: Transport, { signal, report }: Work): Promise<RunFacts | undefined> {
  for (let waited = false; !signal.aborted; waited = true) {
    const facts = checkFacts(await getJson<RunFacts>(transport, NAMES.run), transport.where);
    if (facts) return facts;
    if (!waited)
      report.note(`${transport.where}: no run yet, waiting for \`vua train --join ${transport.where} --out DIR\``);
    await pause(Math.max(100, transport.pauseMs), signal);
  }
  return undefined;
}

function refuseOther(facts: RunFacts, own: Readonly<Record<string, number | string>>, where: string): void {
  const { initFrom: _weights, ...theirs } = facts.identity; // they come from the director
  const other = Object.keys({ ...theirs, ...own }).find((key) => facts.identity[key] !== own[key]);
  if (other === undefined) return;
  throw badInput(
    other === 'tokens' ? 'OTHER_TOKENS' : 'OTHER_RUN',
    `--join ${where}: trains with ${other} = ${facts.identity[other]}, here it is ${own[other]}`,
    other === 'tokens'
      ? 'give copies of the same tokens, in the same order (--tokens)'
      : 'use the version of vua that directs the run',
  );
}
