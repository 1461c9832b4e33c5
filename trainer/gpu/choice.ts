/** The choice of an adapter, by itself: the help of a command loads nothing that opens one. */
import { z } from 'zod';

export const ADAPTER_CHOICES = ['auto', 'gpu', 'software', 'embedded'] as const;
export type AdapterChoice = (typeof ADAPTER_CHOICES)[number];
/** Of every command that opens one. */
export const adapterOption = z
  .enum(ADAPTER_CHOICES)
  .default('auto')
  .describe(`WebGPU adapter: ${ADAPTER_CHOICES.join(', ')}; \`vua doctor\` explains the choice`);
