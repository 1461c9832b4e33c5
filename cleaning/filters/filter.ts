/** A filter compares one measurement of a document with a threshold, and names the reason when it does not pass. */
import type { Measurement } from '../document.ts';

export interface Filter {
  /** snake_case, stable: the reject store is searched by it. */
  readonly reason: string;
  readonly measurement: Measurement;
  readonly needs: 'at least' | 'at most';
  /** Asked only of texts with so many syllables. */
  readonly from?: number;
}

/** What a station that drops a page says. */
export interface Rejection {
  readonly reason: string;
  readonly value: number;
  readonly threshold: number;
}

export const atLeast = (reason: string, measurement: Measurement): Filter => ({
  reason,
  measurement,
  needs: 'at least',
});
export const atMost = (reason: string, measurement: Measurement): Filter => ({ reason, measurement, needs: 'at most' });

/** In single precision, as measurements are stored: a threshold moved later decides as it would have then. */
export const passes = ({ needs }: Filter, value: number, threshold: number): boolean =>
  needs === 'at least' ? Math.fround(value) >= Math.fround(threshold) : Math.fround(value) <= Math.fround(threshold);
