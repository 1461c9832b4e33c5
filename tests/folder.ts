/** Where every test and benchmark puts its files. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A new empty folder, removed by whoever makes it; tests have `temporaryFolder` of support.ts. */
export const makeTemporaryFolder = (): string => mkdtempSync(join(tmpdir(), 'vua-'));
