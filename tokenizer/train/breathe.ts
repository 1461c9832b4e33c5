/** Work goes on for this long before the event loop, and with it Ctrl-C, has its turn. */
const BREATH_MS = 50;

/** Gives the event loop its turn now and then: true when it did. Throws the reason of an aborted signal. */
export function breather(signal: AbortSignal | undefined): () => Promise<boolean> {
  let last = performance.now();
  return async () => {
    if (performance.now() - last < BREATH_MS) return false;
    await new Promise((resolve) => setTimeout(resolve));
    signal?.throwIfAborted();
    last = performance.now();
    return true;
  };
}
