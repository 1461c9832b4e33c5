/** What `snapshot.json` says: everything that one night published, by name and checksum, and where it came from. */
import { z } from 'zod';
import { badInput } from '../../crawlers/shell/errors.ts';

export const SNAPSHOT = { format: 'vua-snapshot', version: 1 } as const;

const count = z.int().min(0);
const checksum = z.string().regex(/^[0-9a-f]{16}$/);
const name = z.string().regex(/^\d{6,}$/);
/** xxhash64; the memory of cleaning has none, for it would cost a reading of all that is known each night. */
const file = z.object({ file: z.string().regex(/^[\w.-]+$/), bytes: count, checksum: checksum.optional() });
const files = z.array(file);

const snapshot = z.object({
  format: z.literal(SNAPSHOT.format),
  version: z.literal(SNAPSHOT.version),
  name,
  /** The one that it was made from; `null` of the first. */
  parent: name.nullable(),
  /** The first one with this data: itself, or where it differs from its parent in the model alone that of its parent. */
  data: name,
  /** The last one with other data: of a night its parent, else that of its parent. */
  before: name.nullable(),
  /** ISO 8601, UTC. */
  published: z.string(),
  /** Version of the program. */
  vua: z.string(),
  /** Checksum of the settings that it was made with. */
  config: checksum,
  /** What was read, as far as it was read: files of an input, their bytes together, the last one by name. */
  inputs: z.array(z.object({ input: z.string(), files: count, bytes: count, last: z.string().optional() })),
  counts: z.object({
    documents: count,
    rejects: count,
    /** UTF-8 bytes of the texts of documents. */
    textBytes: count,
    trainTokens: count,
    validTokens: count,
  }),
  /** Checksum of the list of what was taken down that it was freed from. */
  removed: checksum.optional(),
  /** Fingerprints: they change with the documents, the tokens. */
  documents: checksum,
  tokens: checksum.optional(),
  /** The model in force, in `models/`, and the snapshot that it was trained on, where that is known. */
  model: z.object({ name: z.string(), trainedOn: name.optional() }).optional(),
  files: z.object({ documents: files, tokens: files, tokenizer: files, state: files }),
});

export type SnapshotRecord = z.infer<typeof snapshot>;
export type SnapshotFile = z.infer<typeof file>;
export type InputCursor = SnapshotRecord['inputs'][number];
export type ModelInForce = NonNullable<SnapshotRecord['model']>;
/** Folders of a snapshot. `state` is the memory of cleaning: what the next night goes on with. */
export type Part = keyof SnapshotRecord['files'];

/** @throws ToolkitError (exit 2) BAD_SNAPSHOT, NEWER_FORMAT */
export function parseSnapshot(value: unknown, where: string): SnapshotRecord {
  const { format, version } = (value ?? {}) as { format?: unknown; version?: unknown };
  if (format === SNAPSHOT.format && Number(version) > SNAPSHOT.version) {
    const reads = `this program reads version ${SNAPSHOT.version}`;
    throw badInput('NEWER_FORMAT', `${where}: ${format} version ${version}, ${reads}`, 'update vua');
  }
  const parsed = snapshot.safeParse(value);
  if (parsed.success) return parsed.data;
  const { path, message } = parsed.error.issues[0];
  throw badInput(
    'BAD_SNAPSHOT',
    `${where}: ${path.join('.') || 'top level'}: ${message}`,
    'restore the file from a copy, or go back to another snapshot with `vua rollback`',
  );
}
