/**
 * Names of data sets on the Hub, `hf://datasets/OWNER/NAME[@REVISION][/PATH]`: the folder into which the user has fetched
 * them (`hf download`). Nothing is asked of the network here.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { badInput } from '../shell/errors.ts';

const NAME = /^hf:\/\/datasets\/([^/@]+)\/([^/@]+)(?:@([^/]+))?(?:\/(.*?))?\/*$/;

export interface HubFolder {
  /** On this disk. */
  readonly path: string;
  /** What it is known by: the data set's name and the path in it. */
  readonly name: string;
}

/**
 * Where the data set stands; `undefined` for what is no such name.
 * @throws ToolkitError BAD_INPUT (exit 2) it was not fetched
 */
export function hubFolder(given: string, environment: NodeJS.ProcessEnv = process.env): HubFolder | undefined {
  if (!given.startsWith('hf://')) return undefined;
  const [, owner, set, revision = 'main', below = ''] = NAME.exec(given) ?? [];
  if (owner === undefined)
    throw badInput('BAD_INPUT', `${given}: expected hf://datasets/OWNER/NAME or hf://datasets/OWNER/NAME/PATH`);
  const { HF_HUB_CACHE, HF_HOME, XDG_CACHE_HOME } = environment;
  const hub = HF_HUB_CACHE || join(HF_HOME || join(XDG_CACHE_HOME || join(homedir(), '.cache'), 'huggingface'), 'hub');
  const folder = join(hub, `datasets--${owner}--${set}`);
  const reference = join(folder, 'refs', revision);
  const snapshots = join(folder, 'snapshots');
  const commit = existsSync(reference)
    ? readFileSync(reference, 'utf8').trim()
    : existsSync(snapshots) && readdirSync(snapshots).find((name) => name.startsWith(revision));
  const path = join(snapshots, commit || revision, below);
  if (commit && existsSync(path)) return { path, name: [set, ...below.split('/').filter(Boolean)].join('/') };
  const include = below === '' ? '' : ` --include '${below}${/\.\w+$/.test(below) ? '' : '/*'}'`;
  throw badInput(
    'BAD_INPUT',
    `${given}: not on this disk (looked in ${folder})`,
    `hf download ${owner}/${set} --repo-type dataset${include}`,
  );
}
