/** Lines that never end like sentences: menus, listings, tag clouds. Verse and short lists pass at a low threshold. */
import { atLeast, atMost } from '../filter.ts';

export const unfinishedLines = atLeast('unfinished_lines', ({ measurements }) => measurements.line_punctuation_ratio);

/** Share of lines that break off with an ellipsis: teasers of other pages (Gopher). */
export const truncatedLines = atMost('truncated_lines', ({ text }) => {
  let lines = 0;
  let truncated = 0;
  for (const line of text.split('\n')) {
    if (line === '') continue;
    lines++;
    if (line.endsWith('…') || line.endsWith('...')) truncated++;
  }
  return lines < MIN_LINES ? 0 : truncated / lines;
});

/** In fewer lines a single ellipsis would weigh too much. */
const MIN_LINES = 4;
