/**
 * How workers of one training meet: a place where objects are put whole under names and never change. A folder that all of
 * them see, this process's memory; an object store has the same four verbs.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { badInput } from '../../crawlers/shell/errors.ts';
import { writeFileAtomic } from '../../crawlers/shell/folder.ts';
import { s3Delete, s3Get, s3List, s3Place, s3Put } from '../../crawlers/shell/s3.ts';

export interface Transport {
  /** For messages. */
  readonly where: string;
  /** Between two looks at what others did. */
  readonly pauseMs: number;
  /** Whole or not at all; replaces what had the name. */
  put(name: string, bytes: Uint8Array): Promise<void>;
  get(name: string): Promise<Uint8Array | undefined>;
  /** Names that begin with `prefix`, sorted. */
  list(prefix: string): Promise<string[]>;
  /** All of these names; what is not there is no fault. */
  remove(prefix: string): Promise<void>;
}

/** Of workers in one process. */
export function memoryTransport(): Transport {
  const objects = new Map<string, Uint8Array>();
  const named = (prefix: string): string[] => [...objects.keys()].filter((name) => name.startsWith(prefix)).sort();
  return {
    ...{ where: 'memory', pauseMs: 2 },
    async put(name, bytes) {
      objects.set(name, bytes.slice());
    },
    get: async (name) => objects.get(name),
    list: async (prefix) => named(prefix),
    async remove(prefix) {
      for (const name of named(prefix)) objects.delete(name);
    },
  };
}

/** Of processes that see one folder, on one machine or over a network file system. */
export function folderTransport(dir: string): Transport {
  const ifThere = <T>(read: () => T): T | undefined => {
    try {
      return read();
    } catch (error) {
      if (/^(ENOENT|ENOTDIR|ESTALE)$/.test((error as NodeJS.ErrnoException).code ?? '')) return undefined;
      throw error;
    }
  };
  const list = async (prefix: string): Promise<string[]> => {
    const folder = dirname(`${prefix}x`);
    const entries = ifThere(() => readdirSync(join(dir, folder), { recursive: true, withFileTypes: true })) ?? [];
    const root = join(dir, '.').length + 1;
    return entries
      .filter((entry) => entry.isFile() && !/\.(partial|tmp)\b|^\./.test(entry.name))
      .map((entry) =>
        join(entry.parentPath ?? entry.path, entry.name)
          .slice(root)
          .replaceAll('\\', '/'),
      )
      .filter((name) => name.startsWith(prefix))
      .sort();
  };
  return {
    ...{ where: dir, pauseMs: 100, list },
    async put(name, bytes) {
      mkdirSync(dirname(join(dir, name)), { recursive: true });
      writeFileAtomic(join(dir, name), bytes);
    },
    async get(name) {
      const file = ifThere(() => readFileSync(join(dir, name)));
      return file && new Uint8Array(file.buffer, file.byteOffset, file.length); // a Buffer's slice would be no copy
    },
    async remove(prefix) {
      if (prefix.endsWith('/')) rmSync(join(dir, prefix), { recursive: true, force: true });
      else for (const name of await list(prefix)) rmSync(join(dir, name), { force: true });
    },
  };
}

/** Of machines that share nothing but a bucket. */
export function bucketTransport(where: string): Transport {
  const base = where.replace(/\/+$/, '');
  const { bucket, key } = s3Place(base);
  const list = async (prefix: string): Promise<string[]> => {
    const objects = await s3List(`${base}/${prefix}`);
    return objects.map((object) => object.key.slice(key === '' ? 0 : key.length + 1));
  };
  return {
    ...{ where, pauseMs: 500, list },
    async put(name, bytes) {
      await s3Put(`${base}/${name}`, bytes.slice());
    },
    get: (name) => s3Get(`${base}/${name}`),
    async remove(prefix) {
      for (const name of await list(prefix)) await s3Delete(`s3://${bucket}/${key === '' ? '' : `${key}/`}${name}`);
    },
  };
}

/** The place that `--join` names. @throws ToolkitError BAD_OPTION (exit 2) for an address that is none of ours */
export function transportAt(where: string): Transport {
  const [, scheme] = /^(\w+):\/\//.exec(where) ?? [];
  if (scheme === undefined) return folderTransport(resolve(where));
  if (scheme === 's3') return bucketTransport(where);
  throw badInput(
    'BAD_OPTION',
    `--join ${where}: ${scheme}:// is unknown`,
    'a folder that all workers see, or s3://BUCKET/PREFIX',
  );
}

export async function getJson<T>(transport: Transport, name: string): Promise<T | undefined> {
  const bytes = await transport.get(name);
  return bytes && (JSON.parse(new TextDecoder().decode(bytes)) as T);
}

export const putJson = (transport: Transport, name: string, value: unknown): Promise<void> =>
  transport.put(name, new TextEncoder().encode(`${JSON.stringify(value)}\n`));

/** A pause that an aborted signal ends. */
export const pause = (ms: number, signal?: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const over = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', over);
      resolve();
    };
    const timer = setTimeout(over, ms);
    signal?.addEventListener('abort', over);
  });
