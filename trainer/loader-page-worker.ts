/** The loader's worker in a page: `loader-page.ts` posts it one job. */
import { fillRing, type LoaderFailure, type LoaderJob, pageRanges } from './ring.ts';

addEventListener('message', ({ data }: MessageEvent<LoaderJob>) => {
  void fillRing(data, pageRanges, (failure: LoaderFailure) => postMessage(failure));
});
