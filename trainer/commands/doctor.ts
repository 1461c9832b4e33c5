import { z } from 'zod';
import { commandLine, defineCommand } from '../../crawlers/shell/command.ts';
import { formatBytes, formatCount } from '../../crawlers/shell/reporter.ts';
import { adapterOption } from '../gpu/choice.ts';
import type { AdapterFacts } from '../gpu/device.ts';

export const doctorCommand = defineCommand({
  name: 'doctor',
  summary: 'show the WebGPU adapter that training would use, why, and how to get a faster one',
  examples: ['vua doctor', 'vua doctor --adapter embedded --json'],
  options: z.object({
    adapter: adapterOption,
    verbose: z.boolean().default(false).describe('its limits and features, too'),
  }),
  async run(options, { report }) {
    const { openGpu } = await import('../gpu/adapter.ts');
    const gpu = await openGpu(options.adapter);
    report.result(doctorText(gpu.facts, options.verbose), { event: 'doctor', ...gpu.facts, advice: advice(gpu.facts) });
    gpu.destroy();
  },
});

const SHOWN_LIMITS = [
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxStorageBuffersPerShaderStage',
  'maxComputeWorkgroupStorageSize',
  'maxComputeInvocationsPerWorkgroup',
];

/** Ten lines at most, but for `isVerbose`. */
function doctorText(facts: AdapterFacts, isVerbose: boolean): string {
  const limits = SHOWN_LIMITS.map((name) => [
    name,
    name.endsWith('Size') ? formatBytes(facts.limits[name]) : formatCount(facts.limits[name]),
  ]);
  return [
    formatTableLeft([
      ['adapter', facts.name],
      ['kind', facts.kind],
      ['why', facts.reason],
      ['node', `${process.version} ${process.platform} ${process.arch}`],
      ...(isVerbose
        ? [
            ['vendor, architecture', [facts.vendor, facts.architecture].filter(Boolean).join(', ')],
            ['subgroup size', `${facts.subgroupMinSize}–${facts.subgroupMaxSize}`],
            ...limits,
            ['features', facts.features.join(', ')],
          ]
        : []),
    ]),
    '',
    advice(facts),
    ...(isVerbose ? [] : [`its limits and features: ${commandLine('doctor --verbose')}`]),
  ].join('\n');
}

const formatTableLeft = (rows: readonly (readonly [string, string] | readonly string[])[]): string => {
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join('\n');
};

function advice({ kind }: AdapterFacts): string {
  if (kind === 'gpu') return 'This is a GPU: nothing to install.';
  const gpu =
    'A GPU with its vendor driver and a Vulkan loader (Debian: apt install libvulkan1) is 100× faster and more.';
  if (kind === 'software') return gpu;
  return `${gpu}\nWithout one, Mesa's lavapipe ≥ 25 is 3–10× faster than the embedded driver (Debian: apt install -t bookworm-backports mesa-vulkan-drivers libvulkan1).`;
}
