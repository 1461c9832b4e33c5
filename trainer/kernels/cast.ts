/** f32 → f16: the copy of the parameters that the network reads in mixed precision. One invocation per four elements. */
import type { Kernel } from '../gpu/kernel.ts';
import { linearGrid, linearMain } from './snippets.ts';

const WORKGROUP = 64;

export const castHalf: Kernel = {
  name: 'cast_half',
  inputs: { params: 'vec4f P' },
  outputs: { half: 'vec4h P' },
  multiples: { P: 4 },
  grid: ({ P }) => linearGrid(P / 4, WORKGROUP),
  wgsl: linearMain(WORKGROUP, 'dims.P / 4u', '  half[i] = vec4h(params[i]);'),
  reference({ params, half }) {
    half.set(params);
  },
  cases: [{ P: 4 }, { P: 1028 }],
};
