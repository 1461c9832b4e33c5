/** The state of a checkpoint, also for processes that tests start: vitest stays outside. */
import type { ModelConfig } from '../../trainer/model/config.ts';
import { CHECKPOINT_FORMAT, CHECKPOINT_VERSION, type CheckpointState } from '../../trainer/record/checkpoint.ts';

export const stateOf = (step: number, config: ModelConfig, more: Partial<CheckpointState> = {}): CheckpointState => ({
  format: CHECKPOINT_FORMAT,
  version: CHECKPOINT_VERSION,
  step,
  config,
  loader: { fingerprint: 'f', seed: 1, epoch: 0, position: 0 },
  optimizer: [],
  options: { batch: 4, seed: 1, tokens: 'f' },
  adapter: 'none',
  ...more,
});
