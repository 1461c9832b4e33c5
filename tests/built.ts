/** What a test imports of the product is what was built of it, loaded by Node as a user's is: nothing to transform. */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Plugin } from 'vite';

const ROOT = resolve(import.meta.dirname, '..');
/** Left to Node. */
export const BUILT = /\/dist\/.*\.js$/;
const PRODUCT = new RegExp(`^${ROOT}/((?:(?:crawlers|cleaning|shards|tokenizer|trainer)/.*|[a-z]+))\\.ts$`);

export function built(): Plugin {
  return {
    name: 'what is built',
    enforce: 'pre',
    resolveId(source, importer) {
      if (importer === undefined || !source.startsWith('.')) return null;
      const [, module] = PRODUCT.exec(resolve(importer, '..', source)) ?? [];
      if (module === undefined) return null;
      const path = join(ROOT, 'dist', `${module}.js`);
      return existsSync(path) ? { id: path, external: true } : null;
    },
  };
}
