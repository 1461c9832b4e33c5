/**
 * Pages and answers on their way between threads, a batch at a time. What a copy costs is its number of objects: bodies,
 * figures and fingerprints of a batch travel as one array each, moved instead of copied; an object of 75 named figures
 * costs more to copy than to compute; and a text that was not masked travels once.
 */
import type { Page } from '../../crawlers/page.ts';
import { type Fingerprint, NO_FINGERPRINT } from '../dedup/near.ts';
import { SIGNATURE_LENGTH } from '../dedup/near-rule.ts';
import { MEASUREMENTS, type Measurements, REPAIRS, type Repairs } from '../document.ts';
import type { Answer, Assessment, PageToRead, ReadPage } from './work.ts';

export interface WirePages {
  /** Of each page all but its body. */
  readonly heads: readonly (Omit<PageToRead, 'body'> & { readonly bytes: number })[];
  /** One behind the other. */
  readonly bodies: Uint8Array<ArrayBuffer>;
}

export function toWirePages(pages: readonly Page[]): WirePages {
  const bodies = new Uint8Array(pages.reduce((sum, { body }) => sum + body.byteLength, 0));
  let end = 0;
  const heads = pages.map(({ title, headers, body, truncated, wholeBytes, consent }) => {
    bodies.set(body, end);
    end += body.byteLength;
    return { title, headers, truncated, wholeBytes, consent, bytes: body.byteLength };
  });
  return { heads, bodies };
}

export function fromWirePages({ heads, bodies }: WirePages): PageToRead[] {
  let end = 0;
  return heads.map(({ bytes, ...head }) => {
    end += bytes;
    return { ...head, body: bodies.subarray(end - bytes, end) };
  });
}

type WireAnswer =
  | Extract<Answer, { readonly refused: unknown }>
  | {
      readonly read: Omit<ReadPage, 'repairs'>;
      readonly assessment: Omit<Assessment, 'measurements' | 'text' | 'print'>;
      /** Empty where it is the text that was read. */
      readonly masked: string;
      /** Lengths of its sequence and anchors; none of a text that was dropped. */
      readonly printed?: readonly [sequence: number, anchors: number];
    };

export interface WireAnswers {
  readonly answers: readonly WireAnswer[];
  /** A row for each answer, in the order of MEASUREMENTS; that of a refused page stays empty. */
  readonly figures: Float64Array<ArrayBuffer>;
  /** Signatures and sequences of the texts that have any, each behind the other; and their anchors. */
  readonly prints: Uint16Array<ArrayBuffer>;
  readonly anchors: Float64Array<ArrayBuffer>;
}

export function toWire(answers: readonly Answer[]): WireAnswers {
  const figures = new Float64Array(answers.length * MEASUREMENTS.length);
  const printed = answers.flatMap((answer): Fingerprint[] => ('refused' in answer ? [] : [answer.assessment.print]));
  const prints = new Uint16Array(printed.reduce((sum, one) => sum + one.signature.length + one.sequence.length, 0));
  const anchors = new Float64Array(printed.reduce((sum, one) => sum + one.anchors.length, 0));
  let [atPrint, atAnchor] = [0, 0];
  const wired = answers.map((answer, row): WireAnswer => {
    if ('refused' in answer) return answer;
    const { repairs: _, ...read } = answer.read;
    const { measurements, text, print, ...assessment } = answer.assessment;
    for (let i = 0; i < MEASUREMENTS.length; i++) {
      figures[row * MEASUREMENTS.length + i] = measurements[MEASUREMENTS[i]];
    }
    const masked = text === read.text ? '' : text;
    if (print.signature.length === 0) return { read, assessment, masked };
    prints.set(print.signature, atPrint);
    prints.set(print.sequence, atPrint + SIGNATURE_LENGTH);
    anchors.set(print.anchors, atAnchor);
    atPrint += SIGNATURE_LENGTH + print.sequence.length;
    atAnchor += print.anchors.length;
    return { read, assessment, masked, printed: [print.sequence.length, print.anchors.length] };
  });
  return { answers: wired, figures, prints, anchors };
}

export function fromWire({ answers, figures, prints, anchors }: WireAnswers): Answer[] {
  let [atPrint, atAnchor] = [0, 0];
  const nextPrint = ([sequence, count]: readonly [number, number]): Fingerprint => {
    const start = atPrint + SIGNATURE_LENGTH;
    const signature = prints.subarray(atPrint, start);
    atPrint = start + sequence;
    atAnchor += count;
    return {
      signature,
      sequence: prints.subarray(start, atPrint),
      anchors: anchors.subarray(atAnchor - count, atAnchor),
    };
  };
  return answers.map((answer, row) => {
    if ('refused' in answer) return answer;
    const { read, assessment, masked, printed } = answer;
    const measurements = {} as Record<keyof Measurements, number>;
    for (let i = 0; i < MEASUREMENTS.length; i++) {
      measurements[MEASUREMENTS[i]] = figures[row * MEASUREMENTS.length + i];
    }
    const print = printed === undefined ? NO_FINGERPRINT : nextPrint(printed);
    return {
      read: { ...read, repairs: repairsIn(measurements) },
      assessment: { ...assessment, text: masked || read.text, measurements, print },
    };
  });
}

const repairsIn = (measurements: Measurements): Repairs =>
  Object.fromEntries(REPAIRS.map((repair) => [repair, measurements[`repaired_${repair}`]])) as Repairs;
