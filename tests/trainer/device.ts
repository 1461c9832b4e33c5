/**
 * A device that tests share: files of tests that run in one process compile for it once, which on the embedded driver is
 * most of what a short training costs. Nobody destroys it.
 */
import { vi } from 'vitest';
import { openGpu } from '../../trainer/gpu/adapter.ts';
import { Gpu } from '../../trainer/gpu/device.ts';

const opened = new Map<'auto' | 'embedded', Promise<Gpu>>();

/** The adapter that there is, or the embedded driver, opened once a process. */
export function sharedGpu(choice: 'auto' | 'embedded' = 'auto'): Promise<Gpu> {
  const gpu = opened.get(choice) ?? openShared(choice);
  opened.set(choice, gpu);
  return gpu;
}

/** Where there is no other adapter both choices are one device. */
async function openShared(choice: 'auto' | 'embedded'): Promise<Gpu> {
  const other = await opened.get(choice === 'auto' ? 'embedded' : 'auto');
  if (choice === 'embedded') return other?.facts.kind === 'embedded' ? other : openGpu('embedded');
  const gpu = await openGpu();
  if (gpu.facts.kind !== 'embedded' || other === undefined) return gpu;
  gpu.destroy();
  return other;
}

/** Whole commands get the shared device, too, until the function that comes back is called. */
export async function lendGpu(): Promise<() => void> {
  const gpu = await sharedGpu('embedded');
  const spies = [vi.spyOn(Gpu, 'open').mockResolvedValue(gpu), vi.spyOn(gpu, 'destroy').mockReturnValue()];
  return () => {
    for (const spy of spies) spy.mockRestore();
  };
}
