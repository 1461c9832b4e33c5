/** Lines that never end like sentences: menus, listings, tag clouds. Verse and short lists pass at a low threshold. */
import { atLeast, atMost } from './filter.ts';

export const unfinishedLines = atLeast('unfinished_lines', 'line_punct_frac');
/** Lines that break off with an ellipsis: teasers of other pages. */
export const truncatedLines = atMost('truncated_lines', 'ellipsis_line_frac');
export const bulletLines = atMost('bullet_lines', 'bullet_line_frac');
export const shortLines = atMost('short_lines', 'short_line_frac');
export const listLike = atMost('list_like', 'newline_ratio');
