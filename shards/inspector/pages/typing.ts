/** What is asked while somebody types: when they pause, unless they have opened something else meanwhile. */
export interface Typing {
  typed(): void;
  /** What was typed is asked by other means. */
  stop(): void;
}

export function whileTyping(pauseMs: number, ask: () => void): Typing {
  let waiting = 0;
  const place = (): string => `${location.pathname} ${new URLSearchParams(location.search).get('id') ?? ''}`;
  return {
    typed() {
      clearTimeout(waiting);
      const here = place();
      waiting = window.setTimeout(() => place() === here && ask(), pauseMs);
    },
    stop: () => clearTimeout(waiting),
  };
}
