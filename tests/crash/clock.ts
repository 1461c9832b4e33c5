/** Time as the crawl sees it: the clock of this machine, moved. Returns the way back. */
export function moveClock(ahead: () => number): () => void {
  const RealDate = Date;
  class MovedDate extends RealDate {
    constructor(...given: [] | [number | string | Date]) {
      if (given.length === 0) super(RealDate.now() + ahead());
      else super(...(given as [number]));
    }
    static override now(): number {
      return Math.floor(RealDate.now() + ahead()); // whole milliseconds, as every clock gives them
    }
  }
  globalThis.Date = MovedDate as DateConstructor;
  return () => {
    globalThis.Date = RealDate;
  };
}
