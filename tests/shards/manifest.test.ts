import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  documentFingerprint,
  findFolders,
  manifestPath,
  readDocumentManifest,
  readTokenManifest,
  removeOrphans,
} from '../../shards/manifest.ts';
import { document, range, temporaryFolder, thrownBy, writeFolder } from './support.ts';

interface Case {
  readonly name: string;
  readonly change: (manifest: Record<string, any>) => unknown;
  readonly code: string;
  readonly says: RegExp;
}
