/** What a run shows of its model in force: a text that it writes, and its curve. */
import { join } from 'node:path';
import { generateText } from '../generate/text.ts';
import type { AdapterChoice } from '../gpu/choice.ts';
import { writePlot } from '../record/write-plot.ts';

/** @returns the text, and the path of the curve @throws ToolkitError as `generateText` and `writePlot` */
export async function showModel(
  {
    out,
    prompt,
    adapter = 'auto',
  }: { readonly out: string; readonly prompt: string; readonly adapter?: AdapterChoice },
  signal: AbortSignal,
): Promise<{ readonly sample: string; readonly curve: string }> {
  const curve = writePlot(out, 'Bits per byte while training', join(out, 'model', 'curve.svg')).path;
  const sampling = { tokens: 80, temperature: 0.8, topK: 40, seed: 1, adapter };
  return { sample: await generateText({ checkpoint: join(out, 'model'), prompt, ...sampling }, signal), curve };
}
