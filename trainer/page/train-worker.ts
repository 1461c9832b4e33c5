/** The training worker of the page: opens the adapter, trains as it is told, and says what happens. */
import { reasonOf, ToolkitError, type ToolkitErrorFields } from '../../crawlers/shell/errors.ts';
import type { Gpu } from '../gpu/device.ts';
import { openPageGpu } from './adapter.ts';
import type { Event, Order } from './messages.ts';
import { trainInPage } from './session.ts';

const say = (event: Event): void => postMessage(event);

let gpu: Gpu | undefined;
let stop = new AbortController();
/** Set while the run is to wait. */
let pause: { readonly over: Promise<void>; end(): void } | undefined;

addEventListener('message', ({ data }: MessageEvent<Order>) => {
  if (data.do === 'start') void failing(start(data.options));
  if (data.do === 'pause' && !pause) {
    let end = (): void => {};
    pause = { over: new Promise((resolve) => (end = resolve)), end: () => end() };
  }
  if (data.do === 'stop') stop.abort();
  if (data.do !== 'pause') {
    pause?.end();
    pause = undefined;
  }
});

void failing(open()); // by itself: an order that came before this script listens would be lost (loader-page-worker.ts)

async function open(): Promise<Gpu> {
  gpu = await openPageGpu();
  say({ event: 'adapter', facts: gpu.facts });
  return gpu;
}

async function start(options: Extract<Order, { do: 'start' }>['options']): Promise<void> {
  stop = new AbortController();
  const doing = (what: string): void => say({ event: 'doing', what });
  const control = {
    signal: stop.signal,
    doing,
    async mayGoOn() {
      if (!pause) return;
      doing('paused');
      await pause.over;
      doing('training');
    },
  };
  for await (const event of trainInPage(gpu ?? (await open()), options, control)) say(event);
}

/** What a page should do about what the command line has other words for. */
const HINTS: Readonly<Record<string, string>> = {
  DEVICE_LOST: 'start again, with a lower memory limit if it happens again',
  NAN_LOSS: 'start again with a lower learning rate',
  OTHER_TOKENIZER: 'choose folders of one tokenizer',
  OUT_OF_MEMORY: 'lower depth, context or batch',
  REQUEST_FAILED: 'is `vua inspect` still running?',
};

async function failing(work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (error instanceof ToolkitError && error.code === 'DEVICE_LOST') gpu = undefined; // the next start opens another
    say({ event: 'failed', error: fieldsOf(error) });
  }
}

function fieldsOf(error: unknown): ToolkitErrorFields {
  if (!(error instanceof ToolkitError)) return { code: 'UNEXPECTED', message: reasonOf(error) };
  const { code, message, hint } = error;
  return { code, message, hint: HINTS[code] ?? hint };
}
