/** Lines that never end like sentences: menus, listings, tag clouds. Verse and short lists pass at a low threshold. */
import { atLeast } from '../filter.ts';

export const unfinishedLines = atLeast('unfinished_lines', ({ measurements }) => measurements.line_punctuation_ratio);
