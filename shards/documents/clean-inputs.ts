/** Pages → documents on the disk: what `vua clean` and `vua run` do. */
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { clean, type Removed } from '../../cleaning/clean.ts';
import { nearNote, type Recipe, recipeFor } from '../../cleaning/recipe.ts';
import type { ConsentTable, Page } from '../../crawlers/page.ts';
import { badInput, ToolkitError } from '../../crawlers/shell/errors.ts';
import { foreseeRoom } from '../../crawlers/shell/folder.ts';
import { type Outcome, unattended } from '../../crawlers/shell/work.ts';
import { inputOf, openInput, pagesAt, pathOf } from '../../crawlers/sources/index.ts';
import type { DocumentManifest } from '../manifest-shape.ts';
import { DocumentFolder } from './folder.ts';
import { KnownInputs } from './known-inputs.ts';
import { hearOptOuts, type MarkPolicy } from './marks.ts';
import { Profile } from './profile.ts';
import { type CleanReport, droppedPages, EMPTY_REPORT, mergeReports, reportOf } from './report.ts';
import { DocumentWriter } from './write.ts';

/** The recipe, as far as it is another than that of `vua clean`, and what is cleaned by it. */
export interface CleanInputsOptions extends Partial<Recipe> {
  /** Files and folders to read; or give `pages`. */
  readonly inputs?: readonly string[];
  readonly pages?: AsyncIterable<Page>;
  readonly outDir: string;
  /** JSONL files of benchmark items: documents that hold one are flagged. */
  readonly contamination?: readonly string[];
  /** Files that `vua quality train` wrote. */
  readonly scorers?: readonly string[];
  /** Threads that read pages, beside this one (default: as many as the machine has cores). */
  readonly threads?: number;
  readonly shardBytes?: number;
  /** Small shards of earlier runs become fewer. */
  readonly compacts?: boolean;
  /** Names what the rows of the inputs belong to from night to night, whatever their paths. */
  readonly source?: string;
  /** Which fields of rows hold text, id and address, where they have other names than the usual ones. */
  readonly fields?: { readonly text?: string; readonly id?: string; readonly url?: string };
  /** Of rows that state none. */
  readonly licence?: string;
  /** The field of rows that states their consent. */
  readonly consentField?: string;
  /** What follows from statements about use, where it is not the default. */
  readonly consent?: ConsentTable;
  /** Ids and URLs that opted out, beside what the pages say. */
  readonly optOuts?: readonly string[];
  /** A list of pages that are not read again (`writePassedOver`). */
  readonly passedOver?: string;
  /** What was taken down. */
  readonly removed?: Removed;
  /** When marked documents leave. */
  readonly policy?: MarkPolicy;
  /** Takes the faults of files when all else is committed; without it the last is thrown. */
  readonly onFault?: (fault: ToolkitError) => void;
}

/** This run: pages read, of them skipped (decided by an earlier run), kept, dropped by station and reason. */
export interface CleanSummary extends CleanReport {
  /** Documents that left the folder: of pages that opted out, or that were superseded. */
  readonly left: number;
  /** Documents of the folder that stand although their place does not, by mark. */
  readonly marked: Readonly<Record<string, number>>;
  /** What the inputs hold that is no page, by reason (`status 404`). */
  readonly passedOver: ReadonlyMap<string, number>;
  /** What was kept and dropped in this run is like. */
  readonly profile: Profile;
  /** The whole folder now. */
  readonly manifest: DocumentManifest;
}

/** Files with a doubt (`InputContext.note`) that are named one by one: a folder in TCVN3 has thousands. */
const SHOWN_DOUBTS = 5;

/**
 * Cleans every page that the folder does not know yet and adds the outcome to its shards. Everything that was read
 * before an interruption is committed; the next run continues behind it. `nothing_new`: every page was known. A fault of one file ends that file: what stood
 * before it and the other files are committed, then it is thrown (of several the last; the others are notes).
 * @throws ToolkitError BAD_INPUT and the errors of sources, DocumentFolder.open and writing.
 */
export async function cleanInputs(options: CleanInputsOptions, work = unattended()): Promise<Outcome<CleanSummary>> {
  const { inputs = [], outDir, shardBytes, threads = availableParallelism() } = options;
  for (const input of inputs) {
    if (!existsSync(pathOf(input))) throw badInput('BAD_INPUT', `${input}: no such file or folder`);
  }
  const passedOver = new Map<string, number>();
  const faults: ToolkitError[] = [];
  const doubts: string[] = [];
  const reading = {
    signal: work.signal,
    withNotices: true,
    withBinary: true,
    source: options.source,
    fields: options.fields,
    licence: options.licence,
    consentField: options.consentField,
    consent: options.consent,
    skipped: passedOver,
    note: (text: string) => void doubts.push(text),
    onFault: (fault: ToolkitError) => void faults.push(fault),
  };
  const whole: string[] = [];
  const folder = DocumentFolder.open(outDir, options);
  folder.store.sites.table = options.consent;
  const recipe = recipeFor(options, folder.manifest.recipe);
  const note = nearNote(recipe);
  if (note !== undefined) work.report.note(note);
  const writer = new DocumentWriter(outDir, { firstIndex: folder.nextIndex, shardBytes });
  let known: KnownInputs | undefined;
  const progress = work.report.stage('clean', 'pages');
  let report = EMPTY_REPORT;
  const profile = new Profile();
  const figures = () => ({ kept: report.kept, dropped: droppedPages(report), known: folder.store.skipped });
  let read = 0;
  let unreadable: unknown;
  // An interruption or a fault of the source ends the stream quietly, so that cleaning finishes what it has in hand and
  // the outcome can be committed; the fault is kept for afterwards.
  async function* untilFault(source: AsyncIterable<Page>): AsyncGenerator<Page> {
    try {
      for await (const page of source) {
        if (work.signal.aborted) return;
        if (page.notice === undefined) progress.update(++read, figures());
        yield page;
      }
    } catch (error) {
      if (!work.signal.aborted) unreadable = error;
    }
  }
  try {
    const take = async (source: AsyncIterable<Page>): Promise<void> => {
      const how = { ...options, ...recipe, threads, store: folder.store };
      for await (const outcome of clean(untilFault(source), how)) {
        if (outcome.kept) writer.add(outcome.kept);
        else writer.drop(outcome.dropped);
        report = mergeReports(report, reportOf(outcome));
        profile.add(outcome);
        if (!writer.isFull) continue;
        folder.commit(writer.finish());
        writer.continueAt(folder.nextIndex);
      }
    };
    hearOptOuts(folder.store, options.optOuts ?? []);
    if (options.passedOver !== undefined) folder.store.pages.passOver(options.passedOver);
    if (options.pages === undefined) {
      known = new KnownInputs(folder.store.cursors, inputs, reading);
      foreseeRoom(outDir, known.newBytes, 'documents of what is new', (text) => work.report.note(text));
    }
    await take(options.pages ?? readNew(known!, inputs, reading, faults, whole));
    const pagesRead = read + (known?.passed ?? 0);
    const skipped = folder.store.skipped + (known?.passed ?? 0);
    if (options.source === undefined || whole.length === inputs.length)
      for (const input of whole) folder.readWhole(input);
    const isMarked = await markAndJudge(folder.store, options.policy ?? {}, async (anew) => {
      if (options.pages !== undefined) return false;
      await take(readAgain(anew, inputs, { ...reading, skipped: undefined, note: undefined }));
      return !work.signal.aborted && unreadable === undefined;
    });
    const { documents, rejectShards } = folder.store.departures();
    const left = documents.length;
    const { heard, versions } = folder.store;
    const isTold = report.pages > 0 || heard > 0 || versions.hasNews;
    const isChanged = isTold || isMarked || left + rejectShards.length > 0;
    if (isChanged || folder.isNew) {
      known?.write();
      folder.finish(writer.finish(), { compacts: options.compacts, shardBytes });
    } else if (known?.hasNews) folder.store.instead(() => known!.write());
    progress.finish(figures());
    for (const doubt of doubts.slice(0, SHOWN_DOUBTS)) work.report.note(doubt);
    if (doubts.length > SHOWN_DOUBTS) work.report.note(`… and ${doubts.length - SHOWN_DOUBTS} more such files`);
    const { renamed } = folder.store;
    if (renamed.length > 0)
      work.report.note(
        `${renamed.length} documents have an id that another has (first ${renamed[0]}): they stand as ID~2, …`,
      );
    const { onFault } = options;
    const last = unreadable ?? (onFault ? undefined : faults.pop());
    for (const fault of faults) {
      if (onFault) onFault(fault);
      else work.report.note(`${fault.code}: ${fault.message}`);
    }
    if (last !== undefined) throw last;
    const isNew = report.pages > 0 || left > 0 || isMarked;
    const marked = folder.manifest.marked ?? {};
    return {
      outcome: work.signal.aborted ? 'interrupted' : isNew ? 'written' : 'nothing_new',
      report: { ...report, pages: pagesRead, skipped, left, marked, passedOver, profile, manifest: folder.manifest },
    };
  } catch (error) {
    throw folder.store.fault(error) ?? error;
  } finally {
    writer.discard();
    folder.close();
  }
}

type Memory = DocumentFolder['store'];
type Anew = ReturnType<Memory['copies']['anew']>;

/**
 * Sets marks; what was marked long enough leaves. Copies of what left are judged anew, where they can be read again, and some
 * may have to leave in their turn. Returns whether anything changed.
 * @param again whether all of them were read that could be
 */
async function markAndJudge(
  store: Memory,
  policy: MarkPolicy,
  again: (anew: Anew) => Promise<boolean>,
): Promise<boolean> {
  let isChanged = store.mark(policy);
  for (let anew = store.copies.anew(); anew.pages > 0; anew = store.copies.anew()) {
    if (!(await again(anew))) break;
    store.copies.judged(anew);
    store.mark(policy);
    isChanged = true;
  }
  return isChanged;
}

type Reading = NonNullable<Parameters<typeof openInput>[1]>;

/** `whole` takes the inputs whose rows were all read. */
async function* readNew(
  known: KnownInputs,
  inputs: readonly string[],
  reading: Reading,
  faults: readonly ToolkitError[],
  whole: string[],
): AsyncGenerator<Page> {
  for (const input of inputs) {
    const onWhole = (): void => void (faults.length === 0 && whole.push(inputOf(input, reading.source)));
    yield* known.open(input, reading, () => faults.length, onWhole);
  }
}

/** Copies that are judged anew: their records, or, where one cannot be found, all inputs. */
async function* readAgain({ pages, places }: Anew, inputs: readonly string[], reading: Reading): AsyncGenerator<Page> {
  if (places.length === pages) {
    try {
      yield* pagesAt([...places], reading);
      return;
    } catch (error) {
      if (!(error instanceof ToolkitError)) throw error;
    }
  }
  for (const input of inputs) yield* openInput(input, { ...reading, onFault: () => {} });
}
