/** Buffers where Node is not: injected by the bundle of the library (bundle.ts). */
import { Buffer } from 'buffer/';

export { Buffer };
