/** What a scorer says (quality/scorer.ts): no preset asks, `--threshold low_quality=0.05` does. */
import { REGISTERS } from '../document.ts';
import { atLeast, atMost } from './filter.ts';

export const lowQuality = atLeast('low_quality', 'quality');
export const ofRegister = REGISTERS.map((register) => atMost(`${register}_register`, `register_${register}`));
