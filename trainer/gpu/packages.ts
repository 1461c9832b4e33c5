/**
 * What only training needs, and is large: Dawn (webgpu, 132 MB), koffi, the embedded driver (@sparticuz/chromium, 66 MB);
 * and what pictures of cards need: resvg and two fonts. Who cleans text installs none of them: they are fetched when they
 * are first needed (crawlers/shell/assets.ts).
 */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import {
  fetchPackage,
  installedPackage,
  type LargePackage,
  notFetched,
  packageCache,
} from '../../crawlers/shell/assets.ts';

const MEGABYTES = { webgpu: 132, koffi: 5, '@sparticuz/chromium': 66 } as const;
export type GpuPackage = keyof typeof MEGABYTES;
/** Of pictures. */
const PICTURE_MEGABYTES = {
  '@resvg/resvg-js': 5,
  '@expo-google-fonts/lora': 2,
  '@expo-google-fonts/dancing-script': 1,
} as const;
type PicturePackage = keyof typeof PICTURE_MEGABYTES;

const forTraining = (name: GpuPackage): LargePackage => ({
  ...{ name, megabytes: MEGABYTES[name], code: 'NO_ADAPTER' },
  ...{ who: 'training needs', without: 'cleaning and tokenizing' },
});
const forPictures = (name: PicturePackage): LargePackage => ({
  ...{ name, megabytes: PICTURE_MEGABYTES[name], code: 'NO_PACKAGE' },
  ...{ who: 'pictures need', without: 'cards as text and SVG' },
});

/** By name, once found. */
const found = new Map<GpuPackage, string>();

/**
 * The file that `import` loads; fetched with npm, from the registry that the user has, where it is not there.
 * @throws ToolkitError NO_ADAPTER: it could not be fetched
 */
export function gpuPackage(name: GpuPackage): string {
  let path = found.get(name) ?? installed(name);
  if (path === undefined) {
    fetchPackage(forTraining(name));
    path = installed(name);
    if (path === undefined) throw notFetched(forTraining(name), 'npm left no such package');
  }
  found.set(name, path);
  return path;
}

/** Where it is, without fetching it. */
export const installed = (name: GpuPackage): string | undefined => installedPackage(name);

/** Dawn. @throws ToolkitError NO_ADAPTER: it could not be fetched */
export const importDawn = async (): Promise<{ create(flags: string[]): GPU }> =>
  await import(pathToFileURL(gpuPackage('webgpu')).href);

/** Folder of a package that pictures need. @throws ToolkitError NO_PACKAGE: it could not be fetched */
export function packageFolder(name: PicturePackage): string {
  const own = createRequire(import.meta.url).resolve.paths(name) ?? [];
  const fetched = join(packageCache(name), 'node_modules');
  const found = [...own, fetched].map((folder) => join(folder, name)).find((folder) => existsSync(folder));
  if (found === undefined) fetchPackage(forPictures(name));
  return found ?? join(fetched, name);
}
