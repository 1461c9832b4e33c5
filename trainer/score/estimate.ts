/** What a figure of held-out text is worth: how many documents stand behind it, and its standard error. */

/** A document under a model: how many bits its tokens take, and what it has. */
export interface Scored {
  readonly bits: number;
  readonly tokens: number;
  readonly textBytes: number;
}

export interface Estimate {
  readonly bitsPerByte: number;
  /** Of bits per byte, over documents; of a single document there is none. */
  readonly standardError?: number;
}

export interface Figure extends Estimate {
  readonly documents: number;
  /** Kish: (Σ b)² / Σ b² of the documents' bytes; as many documents of equal length would say as much. */
  readonly effectiveDocuments: number;
  /** Those that are predicted: BOS not counted. */
  readonly tokens: number;
  readonly textBytes: number;
}

/**
 * Bits per byte of documents, R = Σ bits / Σ bytes, as the ratio of two sums over D documents drawn from many:
 *
 *   SE(R)² = D / (D − 1) · Σ (bits_d − R · bytes_d)² / (Σ bytes_d)²
 *
 * (Cochran, Sampling Techniques, 1977, 6.4, without the correction for finite populations.) Of one model alone: two
 * models on the same documents differ by less than their errors let one think.
 */
export function figureOf(documents: readonly Scored[]): Figure {
  const sum = (of: (one: Scored) => number): number => documents.reduce((total, one) => total + of(one), 0);
  const textBytes = sum((one) => one.textBytes);
  const bitsPerByte = sum(({ bits }) => bits) / textBytes;
  const count = documents.length;
  const squares = sum((one) => (one.bits - bitsPerByte * one.textBytes) ** 2);
  return {
    bitsPerByte,
    ...(count > 1 && { standardError: Math.sqrt((count / (count - 1)) * squares) / textBytes }),
    documents: count,
    effectiveDocuments: effectiveNumber(documents.map((one) => one.textBytes)),
    tokens: sum(({ tokens }) => tokens),
    textBytes,
  };
}

/** Kish's effective number of elements of these weights. */
export function effectiveNumber(weights: readonly number[]): number {
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return sum ** 2 / weights.reduce((total, weight) => total + weight ** 2, 0);
}

/** With fewer effective documents a figure is marked. */
export const FEW_DOCUMENTS = 20;
/** Older figures do not say how many. */
export const isFew = ({ effectiveDocuments: n }: Partial<Figure>): boolean => n !== undefined && n < FEW_DOCUMENTS;

/** `3 documents (effective 2.8)` */
export const documentsOf = ({ documents, effectiveDocuments }: Figure): string =>
  `${documents} ${documents === 1 ? 'document' : 'documents'} (effective ${effectiveDocuments?.toFixed(1) ?? '–'})`;

/** `1.8640 ± 0.0290` */
export const withError = ({ bitsPerByte, standardError }: Estimate): string =>
  `${bitsPerByte.toFixed(4)}${standardError == null ? '' : ` ± ${standardError.toFixed(4)}`}`;
