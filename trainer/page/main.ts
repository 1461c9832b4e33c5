/** The page: asks its training worker for an adapter and runs, and shows what that says. */

import type { AdapterFacts } from '../gpu/device.ts';
import { find } from './elements.ts';
import { readOptions, showEstimate, showFolders } from './form.ts';
import type { Event, Order } from './messages.ts';
import * as view from './view.ts';

type Running = 'no' | 'yes' | 'paused';

const worker = new Worker(new URL('./train-worker.js', import.meta.url), { type: 'module' });
const order = (message: Order): void => worker.postMessage(message);

let facts: AdapterFacts | undefined;
let running: Running = 'no';

const form = find('form', HTMLFormElement);
const [start, pause, stop] = ['start', 'pause', 'stop'].map((id) => find(id, HTMLButtonElement));

function refresh(): void {
  const isRunning = running !== 'no';
  start.disabled = isRunning || !showEstimate(facts);
  pause.disabled = stop.disabled = !isRunning;
  pause.textContent = running === 'paused' ? 'Resume' : 'Pause';
  // What is running cannot be changed; a reader of the page still sees it.
  for (const set of form.querySelectorAll('fieldset')) set.disabled = isRunning;
}

function become(state: Running): void {
  running = state;
  refresh();
}

worker.addEventListener('message', ({ data }: MessageEvent<Event>) => {
  switch (data.event) {
    case 'adapter':
      facts = data.facts;
      view.showAdapter(facts);
      return refresh();
    case 'doing':
      return view.showDoing(data.what);
    case 'head':
      return view.showHead(data);
    case 'step':
      return view.showStep(data.point);
    case 'sample':
      return view.showSample(data);
    case 'finished':
      view.showFinished(data);
      return become('no');
    case 'failed':
      if (running === 'no' && !facts) find('adapter').textContent = 'no WebGPU';
      else if (running !== 'no') view.showDoing('ended by a fault');
      view.showProblem(data.error);
      return become('no');
  }
});
worker.addEventListener('error', ({ message }) => {
  view.showProblem({ code: 'UNEXPECTED', message: `training worker: ${message || 'could not be started'}` });
  become('no');
});

form.addEventListener('submit', (event) => {
  event.preventDefault();
  if (start.disabled) return;
  const options = readOptions();
  view.clearRun(options.steps);
  order({ do: 'start', options });
  become('yes');
  const run = find('run');
  if (run.offsetTop > innerHeight / 2) run.scrollIntoView({ behavior: 'smooth' }); // on a phone it is below the form
});
let asked = 0;
form.addEventListener('input', () => {
  clearTimeout(asked);
  asked = window.setTimeout(refresh, 120);
});
pause.addEventListener('click', () => {
  order({ do: running === 'paused' ? 'resume' : 'pause' });
  become(running === 'paused' ? 'yes' : 'paused');
  if (running === 'paused') view.showDoing('pausing behind the step in hand…');
});
stop.addEventListener('click', () => {
  order({ do: 'stop' });
  view.showDoing('stopping behind the step in hand…');
});
find('refresh').addEventListener('click', async () => {
  await showFolders();
  refresh();
});
window.addEventListener('beforeunload', (event) => {
  if (running !== 'no') event.preventDefault(); // the browser asks whether to leave
});
let width = 0;
new ResizeObserver(([{ contentRect }]) => {
  if (Math.round(contentRect.width) === width) return; // drawing changes the height
  width = Math.round(contentRect.width);
  requestAnimationFrame(view.draw);
}).observe(find('chart'));

await showFolders();
refresh();
