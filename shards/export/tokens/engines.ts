/** Every engine that tokens are written for. */
import type { TokenFormat } from '../formats.ts';
import { DATASETS } from './datasets.ts';
import { DATATROVE } from './datatrove.ts';
import type { Engine } from './engine.ts';
import { LITDATA } from './litdata.ts';
import { LLMC } from './llmc.ts';
import { MDS } from './mds.ts';
import { MEGATRON } from './megatron.ts';
import { OLMO } from './olmo.ts';
import { PARQUET } from './parquet.ts';

export const ENGINES: Readonly<Record<TokenFormat, Engine>> = {
  megatron: MEGATRON,
  datatrove: DATATROVE,
  olmo: OLMO,
  mds: MDS,
  litdata: LITDATA,
  llmc: LLMC,
  parquet: PARQUET,
  datasets: DATASETS,
};
