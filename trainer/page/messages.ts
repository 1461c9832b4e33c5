/** What the page and its training worker say to each other: plain data, and blobs. */
import type { ToolkitErrorFields } from '../../crawlers/shell/errors.ts';
import type { AdapterFacts } from '../gpu/device.ts';
import type { CurveHead, CurvePoint } from '../record/curve.ts';
import type { LoopOptions } from '../run/options.ts';
import type { RecipeOptions } from '../run/recipe-options.ts';
import type { Comparison } from '../score/bits-per-byte.ts';

export interface RunOptions
  extends RecipeOptions,
    Pick<LoopOptions, 'layout' | 'seed' | 'evaluateEvery' | 'evaluateTokens' | 'finalTokens'> {
  /** URLs of token folders. */
  readonly tokens: readonly string[];
  /** Continued behind every evaluation; empty: no samples. */
  readonly prompt: string;
  readonly sampleTokens: number;
  readonly temperature: number;
}

/** Understood once the worker has said which adapter it has. */
export type Order =
  | { readonly do: 'start'; readonly options: RunOptions }
  | { readonly do: 'pause' | 'resume' | 'stop' };

export type RunEvent =
  | { readonly event: 'head'; readonly head: CurveHead; readonly loader: string }
  | { readonly event: 'step'; readonly point: CurvePoint }
  | { readonly event: 'sample'; readonly step: number; readonly prompt: string; readonly text: string }
  | {
      readonly event: 'finished';
      readonly step: number;
      /** Stopped before its last step. */
      readonly stopped: boolean;
      /** Closing figures; none when the run was stopped before them. */
      readonly figures?: Comparison;
      readonly files: readonly RunFile[];
    };

export interface RunFile {
  readonly name: string;
  readonly what: string;
  readonly blob: Blob;
}

export type Event =
  | { readonly event: 'adapter'; readonly facts: AdapterFacts }
  | { readonly event: 'doing'; readonly what: string }
  | { readonly event: 'failed'; readonly error: ToolkitErrorFields }
  | RunEvent;
