import { existsSync, rmSync } from 'node:fs';
import { z } from 'zod';
import { defineCommand, INTERRUPTED, NOT_VERIFIED } from '../../crawlers/shell/command.ts';
import { badInput } from '../../crawlers/shell/errors.ts';
import type { Player } from '../arena/players.ts';
import type { Round } from '../arena/sealed.ts';
import { adapterOption } from '../gpu/choice.ts';

export const arenaCommand = defineCommand({
  name: 'arena',
  summary:
    'a quiz between models: sealed questions, points for right and quick answers, a transcript that can be checked',
  examples: [
    'vua arena --questions de-thi.jsonl --players lon=model-10M nho=model-1M --limit 20 --out tran-dau.json',
    'vua arena --questions de-thi.jsonl --players vua=vua-out/model khac=http://127.0.0.1:8080/v1',
    'vua arena --verify tran-dau.json --sealed 3b0f…',
  ],
  options: z.object({
    questions: z.string().optional().describe('JSON lines of id, question, choices ("A. …") and answer (a letter)'),
    players: z
      .array(z.string())
      .default([])
      .describe('NAME=FOLDER of a checkpoint, or NAME=http://127.0.0.1:PORT/v1[#MODEL] of a server on this machine'),
    limit: z.number().gt(0).max(3600).default(30).describe('seconds for an answer'),
    out: z.string().default('arena.json').describe('transcript to write; a published hash lies beside it as .sealed'),
    verify: z.string().optional().describe('check this transcript instead of playing'),
    sealed: z.string().optional().describe('with --verify: the hash that was published before'),
    adapter: adapterOption,
  }),
  async run({ questions, players: given, limit, out, verify, sealed: published, adapter }, { report, signal }) {
    const { boardOf, faultsOf, seal, sealOf } = await import('../arena/sealed.ts');
    const { formatTable } = await import('../../crawlers/shell/reporter.ts');
    const table = (transcript: Parameters<typeof boardOf>[0]): string =>
      formatTable([
        ['player', 'points', 'right', 'seconds'],
        ...boardOf(transcript).map(({ player, points, right, seconds }) => [
          player,
          String(points),
          String(right),
          seconds.toFixed(1),
        ]),
      ]);
    if (verify !== undefined) {
      const transcript = (await import('../arena/transcript.ts')).readTranscript(verify);
      const faults = faultsOf(transcript, published);
      const verdict =
        faults.length === 0 ? `${verify}: holds, sealed as ${transcript.sealed}` : `${verify}: ${faults.join('; ')}`;
      report.result(`${verdict}\n\n${table(transcript)}\n`, { event: 'verified', faults, sealed: transcript.sealed });
      return faults.length === 0 ? undefined : NOT_VERIFIED;
    }
    if (questions === undefined || given.length === 0)
      throw badInput('BAD_OPTION', 'arena: expected --questions and --players, or --verify');
    const { readQuestions } = await import('../arena/transcript.ts');
    const { openPlayer } = await import('../arena/players.ts');
    const { play } = await import('../arena/play.ts');
    const { writeFileAtomic } = await import('../../crawlers/shell/folder.ts');
    const asked = readQuestions(questions);
    if (existsSync(out))
      throw badInput('BAD_OPTION', `${out}: a quiz was played into it`, 'another --out, or move it away');
    const names = given.map((text) => text.split('=', 1)[0]);
    if (new Set(names).size < names.length)
      throw badInput('BAD_OPTION', `arena: ${given.join(' ')}: two players of one name`);
    const players: Player[] = [];
    for (const text of given) players.push(await openPlayer(text, adapter));
    const sealed = seal(asked);
    const hash = sealOf(sealed);
    writeFileAtomic(`${out}.sealed`, `${hash}\n`);
    report.result(`sealed: ${sealed.questions.length} questions, sha256 ${hash}\n`, {
      event: 'sealed',
      hash,
      questions: sealed.questions.length,
    });
    const progress = report.stage('arena', 'questions', sealed.questions.length);
    const playing = { format: 'vua-arena-playing', sealed: hash, limit, players: names };
    const rounds: Round[] = [];
    const startedAt = new Date().toISOString();
    // For whoever looks on (`vua inspect`): what was asked is open, what comes is not.
    const show = (): void => {
      const shown = sealed.questions.slice(0, rounds.length);
      const now = { ...playing, startedAt, questions: sealed.questions.length, rounds, asked: shown };
      writeFileAtomic(`${out}.playing`, JSON.stringify(now));
    };
    show();
    const transcript = await play({
      ...{ sealed, players, limit, signal },
      onRound: (round, at) => {
        const { tries } = round;
        rounds.push(round);
        show();
        const points = Object.fromEntries(tries.map((each) => [each.player, each.points]));
        progress.update(at + 1, points);
      },
    });
    progress.finish();
    for (const player of players) player.close();
    writeFileAtomic(out, `${JSON.stringify(transcript, null, 1)}\n`);
    rmSync(`${out}.playing`, { force: true });
    report.result(`${table(transcript)}\n`, { event: 'board', board: boardOf(transcript), transcript: out });
    for (const player of names) {
      const tries = transcript.rounds.flatMap((round) => round.tries.filter((each) => each.player === player));
      const failed = tries.filter(({ fault }) => fault !== undefined);
      const reasons = [...new Set(failed.map(({ fault }) => fault))].join('; ');
      if (failed.length > 0)
        report.note(`${player}: ${failed.length} of ${tries.length} without an answer: ${reasons}`);
    }
    return signal.aborted ? INTERRUPTED : undefined;
  },
});
