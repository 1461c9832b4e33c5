/** Nights of a run: each is published by one rename, old ones stay for their readers, and none is lost. */
import {
  cpSync,
  existsSync,
  lstatSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { NOTHING_NEW } from '../../crawlers/shell/command.ts';
import { holding, lockFolder, shareFolder } from '../../crawlers/shell/lock.ts';
import { upgradeCommand } from '../../shards/commands/upgrade.ts';
import { findFolders, settled } from '../../shards/manifest.ts';
import { factsOf } from '../../shards/snapshots/facts.ts';
import { foldersIn, publish } from '../../shards/snapshots/publish.ts';
import { currentSnapshot, nightBefore, readSnapshots, snapshotNamed } from '../../shards/snapshots/read.ts';
import { collectGarbage, pin, retention, unpin } from '../../shards/snapshots/retention.ts';
import { rollBack } from '../../shards/snapshots/rollback.ts';
import { beginNight, heldNight, holdNight, publishNight, releaseNight } from '../../shards/snapshots/work.ts';
import { eachBatch, openTokens } from '../../shards/tokens/source.ts';
import { verify } from '../../shards/verify/verify.ts';
import { context, range, temporaryFolder, thrownBy } from '../support.ts';
import { night, rowsFile, rowsIn, shownIn, textsIn, work } from './nights.ts';

const [first, second, third] = [range(12), range(20).slice(12), range(30).slice(20)].map(rowsFile);
const facts = factsOf({}, []);
const newRun = (): string => join(temporaryFolder(), 'run');
const firstShard = ({ documents, record }: ReturnType<typeof snapshotNamed>): string =>
  join(documents, record.files.documents[0].file);
const names = (out: string): string[] => readSnapshots(out).map(({ name }) => name);

const made = new Map<string, string>();
/** A run of these nights, a copy of its own. */
async function published(...nights: string[][]): Promise<string> {
  const name = JSON.stringify(nights);
  if (!made.has(name)) {
    const source = join(temporaryFolder('file'), 'run');
    for (const inputs of nights) await night(source, inputs);
    made.set(name, source);
  }
  const out = newRun();
  cpSync(made.get(name)!, out, { recursive: true, verbatimSymlinks: true });
  return out;
}

describe('a night', () => {
  it('is published whole: OUT shows its files and a card, and names all in snapshot.json', async () => {
    const out = await published([first], [first, second]);
    const { name, record } = currentSnapshot(out)!;
    expect(JSON.parse(readFileSync(join(out, 'snapshot.json'), 'utf8'))).toEqual(record);
    expect(record).toMatchObject({
      ...{ name: '000002', parent: '000001', before: '000001', config: factsOf({ inputs: 2 }, []).config },
      counts: { documents: 20, rejects: 0 },
      inputs: [{ input: first, files: 1, bytes: statSync(first).size }, { input: second }],
    });
    expect(name).toBe('000002');
    const { isOne, files } = shownIn(out);
    expect(isOne).toBe(true);
    expect(files).toContainEqual(expect.stringMatching(/^documents-00001-[0-9a-f]{16}\.arrow$/));
    expect(readdirSync(join(out, 'documents'))).toContain('README.md');
    expect(readdirSync(join(out, 'documents')).filter((file) => file.includes('sqlite'))).toEqual([]);
    expect(readFileSync(join(out, 'tokens', 'README.md'), 'utf8')).toMatch(/data_files: "train-\*\.arrow"/);
    expect((await verify(out, context())).faults).toEqual([]);
    expect(nightBefore(out, currentSnapshot(out)!)).toEqual(snapshotNamed(out, '000001'));
  });

  it('is published again where a file of it was cut since, by the next one, though nothing is new', async () => {
    const out = await published([first], [first, second]);
    truncateSync(join(out, 'documents', 'manifest.json'), 300);
    await night(out, [first, second]);
    expect(names(out)).toEqual(['000001', '000003']); // the damaged one is kept by nothing
    expect(await textsIn(join(out, 'tokens'))).toHaveLength(20);
    expect(await night(out, [first, second])).toBe(false);
    // Where a shard is cut the night at work has no other: nothing is made of it.
    truncateSync(firstShard(currentSnapshot(out)!), 300);
    await thrownBy(() => night(out, [first, second]));
    expect(names(out)).toEqual(['000001', '000003']);
  });

  it('shares with the one before what did not change, as files', async () => {
    const out = newRun();
    await night(out, [first]);
    await night(out, [first, second]);
    const inode = (name: string): number => statSync(firstShard(snapshotNamed(out, name))).ino;
    expect(inode('000001')).toBe(inode('000002'));
  });

  it('without anything new publishes nothing; another model in force is a child that differs in that alone', async () => {
    const out = await published([first]);
    expect(await night(out, [first])).toBe(false);
    expect(names(out)).toEqual(['000001']);
    const model = { name: '000004', tokens: currentSnapshot(out)!.record.tokens! };
    expect(await night(out, [first], { model })).toBe(false);
    const { record } = currentSnapshot(out)!;
    expect(record).toMatchObject({ name: '000002', parent: '000001', data: '000001', before: null });
    expect(JSON.parse(readFileSync(join(out, 'work', 'work.json'), 'utf8'))).toEqual({ base: '000001' }); // no fork
    expect(record.model).toEqual({ name: '000004', trainedOn: '000001' });
    await night(out, [first, second], { model: { ...model, name: '000005' } });
    expect(currentSnapshot(out)!.record).toMatchObject({ name: '000004', parent: '000003', before: '000002' });
    expect(currentSnapshot(out)!.record.model).toEqual({ name: '000005', trainedOn: '000002' });
    expect(names(out)).toEqual(['000002', '000004']); // each for its night
  });

  it('refuses writers in what is published, whatever way they come', async () => {
    const out = await published([first]);
    for (const dir of [join(out, 'documents'), join(out, 'snapshots', '000001', 'tokens'), join(out, 'current')]) {
      expect(await thrownBy(() => lockFolder(dir))).toMatchObject({ code: 'PUBLISHED', exitStatus: 2 });
    }
    expect(await thrownBy(() => work(out, [second]))).toMatchObject({ code: 'PUBLISHED' });
    expect(shownIn(out).isOne).toBe(true);
  });

  it('held back is not published; the next begins without it, or it is published after all', async () => {
    const out = await published([first]);
    const hold = (input: string) =>
      holding(out, [], async () => {
        await work(beginNight(out, facts), [first, input]);
        holdNight(out, { gate: 'rows' });
      });
    await hold(second);
    expect(shownIn(out)).toMatchObject({ name: '000001', isOne: true });
    expect(heldNight(out)).toMatchObject({ held: { gate: 'rows' }, isNext: true });
    await hold(third); // replaces the first one
    await holding(out, [], async () => {
      releaseNight(out);
      publishNight(out, facts);
    });
    expect(await rowsIn(join(out, 'documents'))).toEqual(
      await rowsIn(join(await published([first], [first, third]), 'documents')),
    );
    expect(heldNight(out)).toBeUndefined();
    await hold(second);
    await night(out, [first, third, rowsFile([40])]);
    expect(heldNight(out)).toMatchObject({ isNext: false });
  });
});

describe('readers', () => {
  it('go on with the snapshot that they began with, also when it is collected at the end of nights', async () => {
    const out = await published([first]);
    const texts = await textsIn(join(out, 'tokens'));
    const letGo = shareFolder(join(out, 'tokens')); // as a training has it
    const { where } = await openTokens(join(out, 'tokens'));
    expect(where).toBe(join(out, 'snapshots', '000001', 'tokens'));
    const reading = eachBatch((await openTokens(join(out, 'tokens'))).source('train'));
    await reading.next();
    const rows = settled(join(out, 'documents'));
    for (const n of [2, 3, 4]) await night(out, [rowsFile(range(10 * n))], { keep: 1 });
    expect(names(out)).toEqual(['000001', '000004']);
    expect(await textsIn(where)).toEqual(texts);
    for await (const tokens of reading) expect(tokens.length).toBeGreaterThan(0);
    expect(await rowsIn(rows)).toHaveLength(12);
    letGo();
    await holding(out, [], async () => expect(collectGarbage(out, 1).removed).toEqual(['000001']));
    expect((await verify(out, context())).faults).toEqual([]);
  });
});

describe('retention', () => {
  it('keeps the last nights, what is pinned, and what the model in force was trained on', async () => {
    const out = await published([first]);
    const { tokens } = currentSnapshot(out)!.record;
    await night(out, [first], { model: { name: '000001', tokens: tokens! } });
    await night(out, [first, second]);
    pin(out, '000003', 'for the reviewers');
    for (const n of [4, 5, 6, 7]) await night(out, [rowsFile(range(n * 10))], { keep: 2 });
    expect(names(out)).toEqual(['000001', '000003', '000006', '000007']);
    const reasons = retention(out, 2).map(({ why }) => why.join(', '));
    expect(reasons).toEqual([
      'the model in force was trained on it',
      'pinned',
      'one of the last 2 nights',
      'current, one of the last 2 nights',
    ]);
    unpin(out, '000003');
    const { file } = currentSnapshot(out)!.record.files.documents[0];
    const { ino } = statSync(join(out, 'documents', file));
    await holding(out, [], async () => {
      const { removed, bytes } = collectGarbage(out, 1);
      expect(removed).toEqual(['000003', '000006']);
      expect(bytes).toBeGreaterThan(0);
    });
    expect(statSync(join(out, 'documents', file)).ino).toBe(ino);
    expect((await verify(out, context())).faults).toEqual([]);
  });
});

describe('going back', () => {
  it('and the next night equals one that knows nothing of the nights between', async () => {
    const out = await published([first], [first, second]);
    await holding(out, [], async () => expect(rollBack(out).name).toBe('000001'));
    expect(shownIn(out)).toMatchObject({ name: '000001', isOne: true });
    await night(out, [first, third]);
    const other = await published([first], [first, third]);
    for (const part of ['documents', 'tokens']) {
      expect(currentSnapshot(out)!.record.files[part as 'documents']).toEqual(
        currentSnapshot(other)!.record.files[part as 'documents'],
      );
    }
    expect(currentSnapshot(out)!.record).toMatchObject({ name: '000003', parent: '000001', before: '000001' });
    await holding(out, [], async () => rollBack(out, '000002'));
    expect(await rowsIn(join(out, 'documents'))).toHaveLength(20);
  });

  it('never gives a name twice, and says what is there', async () => {
    const out = await published([first], [first, second]);
    await holding(out, [], async () => {
      rollBack(out);
      expect(collectGarbage(out, 1).removed).toEqual([]); // the newest night, though it is not current
    });
    pin(out, '000001', '');
    await night(out, [first, third], { keep: 1 });
    expect(names(out)).toEqual(['000001', '000003']);
    await holding(out, [], async () => rollBack(out));
    rmSync(join(out, 'snapshots', '000003', 'snapshot.json'));
    expect(await thrownBy(() => rollBack(out, '000003'))).toMatchObject({
      code: 'NO_SNAPSHOT',
      message: expect.stringMatching(/000003: no snapshot, there are 000001$/),
    });
    expect(await thrownBy(() => rollBack(out))).toMatchObject({ code: 'NO_SNAPSHOT' });
  });
});

describe('a folder of an older version', () => {
  it('becomes the first snapshot without being read, and the next night goes on in it', async () => {
    const out = newRun();
    await work(out, [first]);
    const { ino } = statSync(join(out, 'documents', 'documents-00000.arrow'));
    await night(out, [first, second]);
    expect(names(out)).toEqual(['000001', '000002']);
    expect(statSync(firstShard(currentSnapshot(out)!)).ino).toBe(ino);
    expect(lstatSync(join(out, 'documents')).isSymbolicLink()).toBe(true);
    expect(shownIn(out).isOne).toBe(true);
    expect(await rowsIn(join(out, 'documents'))).toEqual(
      await rowsIn(join(await published([first], [first, second]), 'documents')),
    );
  });

  it('becomes one of this version by `vua upgrade`, which then has nothing to do', async () => {
    const out = newRun();
    await work(out, [first]);
    const rows = await rowsIn(join(out, 'documents'));
    const run = () => upgradeCommand.run({ dir: out }, context());
    expect(await run()).toBe(0);
    expect(shownIn(out)).toMatchObject({ name: '000001', isOne: true });
    expect(await rowsIn(join(out, 'documents'))).toEqual(rows);
    expect(await run()).toBe(NOTHING_NEW);
    const documents = join(temporaryFolder(), 'documents');
    cpSync(join(out, 'work', 'documents'), documents, { recursive: true });
    expect(await upgradeCommand.run({ dir: documents }, context())).toBe(NOTHING_NEW);
  });

  it('that was killed in its first cleaning is gone on in', async () => {
    const out = newRun();
    await work(out, [first]);
    for (const name of ['documents/manifest.json', 'tokens', 'tokenizer']) rmSync(join(out, name), { recursive: true });
    await night(out, [first, second]);
    expect(names(out)).toEqual(['000001']);
    expect(await rowsIn(join(out, 'documents'))).toHaveLength(20);
  });
});

it('verify finds what a snapshot lacks, what was changed, and what stands there besides', async () => {
  const out = await published([first], [first, second]);
  rmSync(firstShard(snapshotNamed(out, '000001')));
  const { tokens, tokenizer } = currentSnapshot(out)!;
  writeFileSync(join(tokens, 'notes.txt'), 'x');
  truncateSync(join(tokenizer, 'tokenizer.json'), 3);
  const { faults } = await verify(out, context());
  expect(faults.map(({ check, file }) => `${check} ${file.slice(out.length + '/snapshots/'.length)}`)).toEqual([
    expect.stringMatching(/^size 000001\/documents\/documents-00000-[0-9a-f]{16}\.arrow$/),
    'size 000002/tokenizer/tokenizer.json',
    'stranger 000002/tokens/notes.txt',
  ]);
});

it('a copy that followed links goes on; what somebody put in the way of a link stays', async () => {
  const out = await published([first]);
  const copy = newRun();
  cpSync(out, copy, { recursive: true, dereference: true });
  expect(lstatSync(join(copy, 'documents')).isDirectory()).toBe(true);
  await night(copy, [first, second]);
  expect(shownIn(copy)).toMatchObject({ name: '000002', isOne: true });
  expect(readdirSync(copy).filter((name) => name.includes('before'))).toHaveLength(3);
  expect(await rowsIn(join(copy, 'documents'))).toHaveLength(20);
});

it('a copy that left links out is told, and goes on with what was current', async () => {
  const out = await published([first], [first, second]);
  rollBack(out, '000001');
  await night(out, [first]); // a fork of what was gone back to
  for (const name of ['current', 'snapshot.json', 'documents', 'tokens', 'tokenizer']) rmSync(join(out, name));
  const bare = newRun();
  cpSync(out, bare, { recursive: true });
  rmSync(join(bare, 'work'), { recursive: true });
  const { faults } = await verify(out, context());
  expect(faults.map(({ check }) => check)).toEqual(['current']);
  expect(await thrownBy(() => findFolders(out))).toMatchObject({ hint: expect.stringContaining('none is current') });
  const noted: string[] = [];
  await holding(out, [], async () => void beginNight(out, facts, (text) => noted.push(text)));
  expect(noted).toEqual([expect.stringMatching(/current was missing: snapshot 000001 is current again$/)]);
  expect(shownIn(out)).toMatchObject({ name: '000001', isOne: true });
  await night(bare, [first, second, third]);
  expect(currentSnapshot(bare)?.record).toMatchObject({ name: '000003', parent: '000002' });
  expect(await rowsIn(join(bare, 'documents'))).toHaveLength(30);
});

it('a folder that was moved goes on', async () => {
  const out = await published([first]);
  const moved = newRun();
  renameSync(out, moved);
  await night(moved, [first, second]);
  expect(shownIn(moved)).toMatchObject({ name: '000002', isOne: true });
  expect(existsSync(out)).toBe(false);
});

it('a folder of an older version moves to where the next night works, also where its snapshot stood and none was current', async () => {
  const out = temporaryFolder();
  await work(out, [rowsFile(range(6))]);
  const facts = factsOf({}, []);
  publish(out, foldersIn(out), facts);
  rmSync(join(out, 'current'));
  const told: string[] = [];
  beginNight(out, facts, (text) => void told.push(text));
  expect(told).toEqual([`${join(out, 'current')} was missing: snapshot 000001 is current again`]);
  expect(readdirSync(out).filter((name) => name.includes('before-'))).toEqual([]);
  expect(readdirSync(join(out, 'work', 'documents'))).toContain('dedup.sqlite');
  expect(await textsIn(join(out, 'tokens'))).toHaveLength(6);
});
