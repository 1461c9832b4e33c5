/**
 * In a snapshot a shard is named by what is in it, `documents-00007-246f8db94d9af369.arrow`: a name is one content, in every
 * snapshot, also when a night begins again at an earlier one. Where a night works, shards have numbers alone.
 */
import { tableFile } from '../format.ts';
import { manifestJson } from '../manifest.ts';
import type { DocumentManifest, TokenManifest } from '../manifest-shape.ts';

type Entry = Readonly<Record<'file' | 'checksum', string>>;
type Manifest = DocumentManifest | TokenManifest;

const contentFile = ({ file, checksum }: Entry): string =>
  file.replace(/^([a-z]+-\d{5,})\.arrow$/, `$1-${checksum}.arrow`);
const numberFile = ({ file }: Entry): string => file.replace(/-[0-9a-f]{16}\.arrow$/, '.arrow');

/** A manifest whose files have other names. */
export interface Renamed {
  /** The text of manifest.json. */
  readonly json: string;
  /** New names by the old ones. */
  readonly names: ReadonlyMap<string, string>;
}

/** As a snapshot has it. */
export const byContent = (manifest: Manifest): Renamed => renamed(manifest, contentFile);
/** As a night has it that works. */
export const byNumber = (manifest: Manifest): Renamed => renamed(manifest, numberFile);

function renamed(manifest: Manifest, nameOf: (entry: Entry) => string): Renamed {
  const names = new Map<string, string>();
  const named = <Shard extends Entry>(shard: Shard): Shard => {
    names.set(shard.file, nameOf(shard));
    return { ...shard, file: nameOf(shard) };
  };
  if ('rejects' in manifest) {
    const [documents, rejects] = [manifest.documents.map(named), manifest.rejects.map(named)];
    return { json: manifestJson({ ...manifest, documents, rejects }), names };
  }
  const shards = manifest.shards.map((shard) => {
    const { table } = shard;
    if (table !== undefined) names.set(table.file, tableFile(nameOf(shard)));
    return { ...named(shard), ...(table && { table: { ...table, file: tableFile(nameOf(shard)) } }) };
  });
  return { json: manifestJson({ ...manifest, shards }), names };
}
