/**
 * Where answers stand in the WARC files, so that what a file lost can be asked for again. Of each file the end of the last
 * answer is kept apart: a start of a crawl looks at files, not at URLs.
 */
import type { Database } from 'better-sqlite3';
import type { WarcPlace } from '../warc/warc.ts';

export class Places {
  readonly #files = new Map<string, { id: number; end: number }>();
  readonly #statements: ReturnType<typeof prepare>;

  constructor(db: Database) {
    this.#statements = prepare(db);
    for (const { file, id, end } of this.#statements.files.all()) this.#files.set(file, { id, end });
  }

  /** An answer was stored; returns the number of its file. */
  store({ file, end }: WarcPlace): number {
    const known = this.#files.get(file);
    if (known === undefined) {
      const id = Number(this.#statements.addFile.run(file, end).lastInsertRowid);
      this.#files.set(file, { id, end });
      return id;
    }
    if (end > known.end) this.#setEnd(known, end);
    return known.id;
  }

  /** Files with the end of the last answer that must stand in each. */
  ends(): WarcPlace[] {
    return [...this.#files].flatMap(([file, { end }]) => (end > 0 ? { file, end } : []));
  }

  /** Number of a file in which an answer stands behind byte `end`. */
  holding({ file, end }: WarcPlace): number | undefined {
    const known = this.#files.get(file);
    return known !== undefined && known.end > end ? known.id : undefined;
  }

  /** A file was taken away: what stood in it stays settled, and another of its name is another file. */
  forget(file: string): void {
    const known = this.#files.get(file);
    if (known === undefined) return;
    this.#files.delete(file);
    this.#statements.forget.run(`${file} ${known.id}`, known.id);
  }

  /** A file ends there now: the answers behind were lost. */
  cut(file: string, end: number): void {
    const known = this.#files.get(file);
    if (known !== undefined && known.end > end) this.#setEnd(known, end);
  }

  /** Bytes `from` … `to` left a file: the places behind move. */
  moveBehind(file: string, from: number, to: number): void {
    const known = this.#files.get(file);
    if (known === undefined) return;
    this.#statements.moveBehind.run(to - from, known.id, to);
    this.#setEnd(known, known.end > to ? known.end - (to - from) : Math.min(known.end, from));
  }

  /** A WARC file as this crawl left it. */
  leaveFile(file: string, bytes: number, changed: number): void {
    this.#statements.leaveFile.run(file, bytes, changed);
  }

  /** Whether somebody else has changed a WARC file since; of one that no crawl has left so nothing is known. */
  isTouched(file: string, bytes: number, changed: number): boolean {
    const left = this.#statements.leftFile.get(file);
    return left !== undefined && (left.bytes !== bytes || left.changed !== changed);
  }

  #setEnd(known: { id: number; end: number }, end: number): void {
    known.end = end;
    this.#statements.setEnd.run(end, known.id);
  }
}

function prepare(db: Database) {
  return {
    files: db.prepare<[], { id: number; file: string; end: number }>('SELECT id, file, end FROM warc_files'),
    addFile: db.prepare<[string, number]>('INSERT INTO warc_files (file, end) VALUES (?, ?)'),
    forget: db.prepare<[string, number]>('UPDATE warc_files SET file = ?, end = 0 WHERE id = ?'),
    setEnd: db.prepare<[number, number]>('UPDATE warc_files SET end = ? WHERE id = ?'),
    moveBehind: db.prepare<[number, number, number]>(
      'UPDATE urls SET warc_end = warc_end - ? WHERE warc_file = ? AND warc_end > ?',
    ),
    leaveFile: db.prepare<[string, number, number]>('INSERT OR REPLACE INTO archive VALUES (?, ?, ?)'),
    leftFile: db.prepare<[string], { bytes: number; changed: number }>(
      'SELECT bytes, changed FROM archive WHERE file = ?',
    ),
  };
}
