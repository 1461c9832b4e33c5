/**
 * The loader's worker in a page: `loader-page.ts` posts it one job when it says that it listens. Before that a message
 * would be lost: what is imported here awaits (WebAssembly of the checksums), and a worker gets its messages meanwhile.
 */
import { fillRing, type LoaderFailure, type LoaderJob } from './ring.ts';

addEventListener('message', ({ data }: MessageEvent<LoaderJob>) => {
  void fillRing(data, (failure: LoaderFailure) => postMessage(failure));
});
postMessage('listening');
