/** Around the tests of each file: what modules that they share ask for, and temporary folders that go. */
import { afterAll, afterEach, beforeEach } from 'vitest';
import { fixtures, removeFolders } from './support.ts';

beforeEach(() => {
  for (const { before } of fixtures) before?.();
});
afterEach(async () => {
  for (const { after } of fixtures) await after?.();
  removeFolders('test');
});
afterAll(() => removeFolders('file'));
