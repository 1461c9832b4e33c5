/** Head sizes that a model may have: literals in the attention kernels. Apart, so that commands ask for them without kernels. */
export const HEAD_SIZES: readonly number[] = [16, 32, 64, 128];
