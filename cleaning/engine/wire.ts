/**
 * Pages and answers on their way between threads, a batch at a time. What a copy costs is its number of objects: bodies,
 * figures and signatures of a batch travel as one array each, moved instead of copied; an object of 75 named figures
 * costs more to copy than to compute; and a text that was not masked travels once.
 */
import type { Page } from '../../crawlers/page.ts';
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
      readonly assessment: Omit<Assessment, 'measurements' | 'text' | 'signature'>;
      /** Empty where it is the text that was read. */
      readonly masked: string;
      readonly isSigned: boolean;
    };

export interface WireAnswers {
  readonly answers: readonly WireAnswer[];
  /** A row for each answer, in the order of MEASUREMENTS; that of a refused page stays empty. */
  readonly figures: Float64Array<ArrayBuffer>;
  readonly signatures: Uint16Array<ArrayBuffer>;
}

export function toWire(answers: readonly Answer[]): WireAnswers {
  const figures = new Float64Array(answers.length * MEASUREMENTS.length);
  const signatures = new Uint16Array(answers.length * SIGNATURE_LENGTH);
  const wired = answers.map((answer, row): WireAnswer => {
    if ('refused' in answer) return answer;
    const { repairs: _, ...read } = answer.read;
    const { measurements, text, signature, ...assessment } = answer.assessment;
    for (let i = 0; i < MEASUREMENTS.length; i++) {
      figures[row * MEASUREMENTS.length + i] = measurements[MEASUREMENTS[i]];
    }
    signatures.set(signature, row * SIGNATURE_LENGTH);
    return { read, assessment, masked: text === read.text ? '' : text, isSigned: signature.length > 0 };
  });
  return { answers: wired, figures, signatures };
}

export function fromWire({ answers, figures, signatures }: WireAnswers): Answer[] {
  return answers.map((answer, row) => {
    if ('refused' in answer) return answer;
    const { read, assessment, masked, isSigned } = answer;
    const measurements = {} as Record<keyof Measurements, number>;
    for (let i = 0; i < MEASUREMENTS.length; i++) {
      measurements[MEASUREMENTS[i]] = figures[row * MEASUREMENTS.length + i];
    }
    const start = row * SIGNATURE_LENGTH;
    const signature = signatures.subarray(start, isSigned ? start + SIGNATURE_LENGTH : start);
    return {
      read: { ...read, repairs: repairsIn(measurements) },
      assessment: { ...assessment, text: masked || read.text, measurements, signature },
    };
  });
}

const repairsIn = (measurements: Measurements): Repairs =>
  Object.fromEntries(REPAIRS.map((repair) => [repair, measurements[`repaired_${repair}`]])) as Repairs;
