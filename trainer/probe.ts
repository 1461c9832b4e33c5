/**
 * Some drivers crash on subgroup matrices, and a crashed driver takes its process with it. So before tuning tries a GPU's
 * matrices, `vua tune --probe MxNxK` multiplies with one configuration in a process of its own, and attends with it.
 */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { ToolkitError } from '../crawlers/errors.ts';
import type { AdapterFacts, Gpu } from './device.ts';
import { attention } from './kernels/attention.ts';
import { attentionCandidates, matmulCandidates } from './kernels/candidates.ts';
import { HEAD_SIZES } from './kernels/index.ts';
import { MATMUL_LAYOUTS, matmul } from './kernels/matmul.ts';
import type { MatrixConfig } from './kernels/matmul-subgroup.ts';
import { missingFeatures } from './proofs/kernels.ts';
import { kernelFault } from './tune.ts';

export interface Probed {
  /** `16x16x16`: M, N, K. */
  readonly config: string;
  /** Undefined when it multiplied rightly and lived. */
  readonly fault?: string;
}

const nameOf = ({ M, N, K }: MatrixConfig): string => `${M}x${N}x${K}`;

/** How this Node was started: where its system is another one, by that one's loader, which `execPath` then names. */
export function nodeCommand(): string[] {
  if (!basename(process.execPath).startsWith('ld-')) return [process.execPath, ...process.execArgv];
  const words = readFileSync('/proc/self/cmdline', 'utf8').split('\0');
  return [...words.slice(0, words.indexOf(process.argv0) + 1), ...process.execArgv];
}

export interface Ended {
  /** Undefined after exit status 0; else status or signal, and the last lines of stderr. */
  readonly fault?: string;
}

/** Runs a command to its end or its time. */
export function runApart(
  command: readonly string[],
  timeoutMs: number,
  onLine?: (line: string) => void,
): Promise<Ended> {
  return new Promise((resolve) => {
    const [file, ...given] = command;
    const child = spawn(file, given, { stdio: ['ignore', 'pipe', 'pipe'], timeout: timeoutMs, killSignal: 'SIGKILL' });
    let [rest, said] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop()!;
      for (const line of lines) onLine?.(line);
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-2000);
    });
    child.on('error', ({ message }) => resolve({ fault: message }));
    child.on('close', (status, signal) => {
      if (status === 0) return resolve({});
      const how = !signal ? `status ${status}` : child.killed ? `stopped after ${timeoutMs / 1000} s` : signal;
      resolve({ fault: [how, ...said.trim().split('\n').slice(-4)].filter(Boolean).join(' | ') });
    });
  });
}

/** Each configuration in a child. @param command the arguments of this program that probe a configuration */
export async function probeMatrices(
  { matrixConfigs }: AdapterFacts,
  command: (config: string) => readonly string[],
  timeoutMs = 120_000,
): Promise<Probed[]> {
  const probed: Probed[] = [];
  for (const config of matrixConfigs.map(nameOf)) {
    const { fault } = await runApart([...nodeCommand(), process.argv[1], ...command(config)], timeoutMs);
    probed.push({ config, ...(fault !== undefined && { fault }) });
  }
  return probed;
}

/**
 * In the child: a product of each layout, and attention of each head size, against their references.
 * @throws ToolkitError BAD_KERNEL with what is wrong
 */
export async function probeMatrix(gpu: Gpu, config: string): Promise<void> {
  const facts = { ...gpu.facts, kind: 'gpu' as const };
  const uses = (tile: { readonly kind: string }): boolean =>
    tile.kind === 'subgroup' && nameOf(tile as unknown as MatrixConfig) === config;
  const kernels = [
    ...MATMUL_LAYOUTS.flatMap((layout) => {
      // The last ones are small: quick to compile.
      const tile = matmulCandidates(facts, layout, 'f16').findLast(uses);
      return tile ? [matmul({ layout, epilogue: 'write', from: 'f16', into: 'f16' }, tile)] : [];
    }),
    ...HEAD_SIZES.flatMap((size) => {
      const tile = attentionCandidates(facts, 'f16', size).findLast(uses);
      return tile ? Object.values(attention(size, 'f16', tile)) : [];
    }),
  ].filter((kernel) => missingFeatures(gpu, kernel).length === 0);
  const faults: string[] = kernels.length === 0 ? [`no kernel has ${config} on ${gpu.facts.name}`] : [];
  for (const kernel of kernels) {
    const fault = await kernelFault(gpu, kernel);
    if (fault) faults.push(fault);
  }
  if (faults[0]) throw new ToolkitError({ code: 'BAD_KERNEL', message: `matrices of ${config}: ${faults.join('; ')}` });
}

/** Variants that a probe spoke against. */
export const usesFaulty = (probed: readonly Probed[]): ((tile: { readonly kind: string }) => boolean) => {
  const faulty = new Set(probed.filter(({ fault }) => fault !== undefined).map(({ config }) => config));
  return (tile) => tile.kind === 'subgroup' && faulty.has(nameOf(tile as unknown as MatrixConfig));
};
