/** What a model can be exported as. */
export const EXPORT_FORMATS = ['hf', 'gguf', 'both'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

export const GGUF_TYPES = ['f16', 'f32'] as const;
export type GgufType = (typeof GGUF_TYPES)[number];
