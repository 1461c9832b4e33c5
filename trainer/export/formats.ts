/** What a model can be exported as. */
export const EXPORT_FORMATS = ['hf', 'gguf', 'both'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

/** Of the safetensors file. */
export const DTYPES = ['f32', 'f16', 'bf16'] as const;
export type ExportDtype = (typeof DTYPES)[number];

/** Of the matrices of a GGUF file; norms are f32. */
export const GGUF_TYPES = ['f16', 'f32', 'bf16', 'q8_0'] as const;
export type GgufType = (typeof GGUF_TYPES)[number];
