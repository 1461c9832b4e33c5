import type { AttentionParts } from './attention.ts';
import type { Storage } from './kernel.ts';
export interface AttentionSubgroup {
  readonly kind: 'subgroup';
  readonly queries: number;
}
export function attentionSubgroup(_HS: number, _storage: Storage, _tile: AttentionSubgroup): AttentionParts {
  throw new Error('todo');
}
