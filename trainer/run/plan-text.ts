/** Plans beside each other, for people. */
import { formatBytes, formatCount, formatSeconds, formatTable } from '../../crawlers/shell/reporter.ts';
import { GOOD_EPOCHS, type Plan, WORTHLESS_EPOCHS } from './plan.ts';

/** `utilisation`: share of a device's peak that training reaches. */
export function planText(
  plans: readonly (Plan & { readonly name: string })[],
  { uniqueTokens, precision, utilisation }: { uniqueTokens?: number; precision: string; utilisation: number },
): string {
  return [
    formatTable([
      ['', ...plans.map(({ name }) => name)],
      ...rowsOf(plans, uniqueTokens),
      ...plans[0].devices.map((_, i) => deviceRow(plans, i)),
    ]),
    '',
    ...notes(plans, uniqueTokens, precision, utilisation),
  ].join('\n');
}

const UNITS = { T: 1e12, G: 1e9, M: 1e6, k: 1e3 };
const short = (value: number): string => {
  const [unit, size] = Object.entries(UNITS).find(([, size]) => value >= size) ?? [];
  return size === undefined ? formatCount(value) : `${(value / size).toPrecision(3)} ${unit}`;
};

const markOf = (epochs: number): string => (epochs > WORTHLESS_EPOCHS ? ' !!' : epochs > GOOD_EPOCHS ? ' !' : '');

function rowsOf(plans: readonly Plan[], uniqueTokens: number | undefined): string[][] {
  const row = (name: string, text: (plan: Plan) => string): string[] => [name, ...plans.map(text)];
  return [
    row('layers × width', ({ config }) => `${config.layers} × ${config.width}`),
    row('context', ({ config }) => formatCount(config.context)),
    row('vocabulary', ({ config }) => formatCount(config.vocabSize)),
    row('parameters', ({ parameters }) => short(parameters)),
    row('training tokens', ({ tokens }) => short(tokens)),
    row('steps', ({ steps }) => formatCount(steps)),
    ...(uniqueTokens
      ? [
          row('epochs over the data', ({ epochs = 0 }) => `${epochs.toPrecision(3)}${markOf(epochs)}`),
          row('worth in fresh tokens', (plan) => short(plan.effectiveTokens)),
          row('worth in parameters', (plan) => short(plan.effectiveParameters)),
        ]
      : []),
    row('FLOPs', ({ flops }) => flops.toExponential(2).replace('e+', 'e')),
    row('memory of one device', ({ memoryBytes, sharded }) => `${formatBytes(memoryBytes)}${sharded ? ' *' : ''}`),
  ];
}

const daysText = (days: number): string => (days < 1000 ? days.toPrecision(3) : formatCount(days));

function deviceRow(plans: readonly Plan[], index: number): string[] {
  const { count, name, peak, isMeasured } = plans[0].devices[index].device;
  const cells = plans.map(({ devices }) => {
    const { seconds, fits } = devices[index];
    const time = seconds < 86_400 ? formatSeconds(seconds) : `${daysText(seconds / 86_400)} days`;
    return fits === false ? `${time} (too large)` : time;
  });
  const rate = isMeasured ? `${peak.toPrecision(2)} TFLOP/s reached` : `${formatCount(peak)} TFLOP/s`;
  return [`${count > 1 ? `${count} × ` : ''}${name}, ${rate}`, ...cells];
}

function notes(plans: readonly Plan[], unique: number | undefined, precision: string, utilisation: number): string[] {
  const lines = [
    `times: ${precision} peaks of the data sheets × ${utilisation} (--utilisation); several devices without loss between them`,
  ];
  if (plans.some(({ sharded }) => sharded))
    lines.push('*: trained elsewhere; weights, gradients and AdamW of all devices together, 16 bytes a parameter');
  lines.push(
    plans[0].devices.some(({ device }) => device.isMeasured)
      ? 'this machine: measured in training steps, seconds ago; --utilisation does not lower it'
      : 'this machine: --device this measures it in seconds',
  );
  if (unique === undefined) return [...lines, 'data: give --tokens or --unique-tokens to see epochs'];
  const ceiling = GOOD_EPOCHS * unique;
  lines.push(
    `data: ${short(unique)} training tokens; up to ${GOOD_EPOCHS} epochs (${short(ceiling)}) repeating costs next to nothing, beyond it less and less is gained (Muennighoff et al. 2023)`,
  );
  const beyond = plans.filter(({ tokens }) => tokens > ceiling);
  if (beyond.length > 0)
    lines.push(
      `!  ${beyond.length} of ${plans.length} sizes want more text than that: gather more, or train a smaller model`,
    );
  const lost = plans.filter(({ tokens }) => tokens > WORTHLESS_EPOCHS * unique);
  if (lost.length > 0)
    lines.push(
      `!! ${lost.length} want more than ${WORTHLESS_EPOCHS} epochs: beyond that nothing was gained; ${short(WORTHLESS_EPOCHS * unique)} --training-tokens are the most that make sense`,
    );
  return lines;
}
