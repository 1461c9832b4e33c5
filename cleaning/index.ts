/**
 * The door of cleaning: from pages to Vietnamese documents, and its parts for a text by itself.
 *
 *   import { clean, languageOf, normalize } from 'vua/cleaning';
 */

export { LEVELS, type Level } from './choices.ts';
export { type CleanOptions, clean } from './clean.ts';
export { type DedupStore, openDedupStore } from './dedup/store.ts';
export { type Cleaned, type Document, type Drop, MEASUREMENTS, type Measurements } from './document.ts';
export { PRESETS, type Preset } from './filters/index.ts';
export { type Extraction, extract } from './html/extract.ts';
export { type Masked, maskPersonalData } from './pii.ts';
export { type Language, languageOf } from './vietnamese/language.ts';
export { normalize } from './vietnamese/normalize.ts';
