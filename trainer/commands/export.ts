import { basename, resolve } from 'node:path';
import { z } from 'zod';
import { defineCommand } from '../../crawlers/shell/command.ts';
import { formatBytes, formatTable } from '../../crawlers/shell/reporter.ts';
import { DTYPES, EXPORT_FORMATS, GGUF_TYPES } from '../export/formats.ts';

export const exportCommand = defineCommand({
  name: 'export',
  summary: 'write a trained model for transformers (hf) and llama.cpp (gguf)',
  examples: [
    'vua export --checkpoint vua-out/model --out my-model',
    'vua export --checkpoint vua-out/model --best --out my-model --format gguf --gguf-type f32',
    'vua export --checkpoint vua-out/model --out my-model --documents vua-out/documents --licence apache-2.0',
  ],
  options: z.object({
    checkpoint: z.string().describe('a step-N folder, or the folder that holds them (the newest whole one is taken)'),
    best: z.boolean().default(false).describe('take the checkpoint with the lowest held-out bits per byte'),
    out: z.string().describe('folder to write'),
    format: z
      .enum(EXPORT_FORMATS)
      .default('both')
      .describe(`what to write: ${EXPORT_FORMATS.join(', ')}`),
    dtype: z
      .enum(DTYPES)
      .default('f32')
      .describe(`weights of the safetensors file: ${DTYPES.join(', ')}`),
    ggufType: z
      .enum(GGUF_TYPES)
      .default('f16')
      .describe(`matrices of the GGUF file: ${GGUF_TYPES.join(', ')}`),
    name: z.string().default('').describe('name of the model (default: that of --out)'),
    licence: z.string().optional().describe("the weights' licence for the model card, as SPDX names it"),
    documents: z.string().optional().describe('folder of document shards: sources and licences go into the card'),
  }),
  async run(options, { report, signal }) {
    const { exportCheckpoint } = await import('../export/export.ts');
    const name = options.name || basename(resolve(options.out));
    const { checkpoint, files, warnings } = await exportCheckpoint({ ...options, name }, signal);
    const rows = files.map(({ path, bytes }) => [path, formatBytes(bytes)]);
    report.result(formatTable([['from', checkpoint], ...rows]), { event: 'export', checkpoint, files, warnings });
    for (const warning of warnings) report.note(warning);
  },
});
