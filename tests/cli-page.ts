/**
 * CLI.md, from the zod objects of the commands.
 *
 *   npm run cli     writes it; tests/house.test.ts holds it against them
 */
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { z } from 'zod';
import { COMMANDS } from '../commands.ts';
import { allowedValues, type Command, factsOf, flagOf } from '../crawlers/shell/command.ts';

const HEAD = `# Commands

Written by \`npm run cli\` from the options themselves; \`vua COMMAND --help\` says the same. Every command also takes
\`--json\` (results as JSON lines on stdout), \`--log-json\` (progress as JSON lines on stderr), \`--debug\` (stack traces)
and \`--lang en|vi\` (the language of \`--help\`). What exit statuses mean: [OPERATING](shards/OPERATING.md#exit-statuses).
`;

/** The page as biome formats it. */
export async function cliPage(): Promise<string> {
  const parts: string[] = [];
  for (const [heading, loaders] of Object.entries(COMMANDS)) {
    const commands = await Promise.all(Object.values(loaders).map((load) => load()));
    parts.push(`## ${heading}\n\n${commands.map(section).join('\n')}`);
  }
  return `${HEAD}\n${parts.join('\n')}`;
}

function section(command: Command): string {
  const { name, summary, examples, positional, options, headings = {} } = command;
  const lines: string[] = [];
  for (const [key, type] of Object.entries(options.shape)) {
    const heading = headings[key];
    if (heading !== undefined) lines.push(...(lines.length > 0 ? [''] : []), `${heading}:`, '');
    lines.push(item(key, type as z.ZodType, key === positional));
  }
  const described = lines.length > 0 ? `\n${lines.join('\n')}\n` : '';
  return `### vua ${name}\n\n${escaped(summary)}\n\n\`\`\`sh\n${examples.join('\n')}\n\`\`\`\n${described}`;
}

function item(key: string, type: z.ZodType, isPositional: boolean): string {
  const { isBoolean, isArray, isRequired, fallback, description } = factsOf(type);
  const value = isBoolean ? '' : isArray ? ' VALUE...' : ' VALUE';
  const flag = isPositional ? `${key.toUpperCase()}${isArray ? '...' : ''}` : `${flagOf(key)}${value}`;
  const shown = fallback !== undefined && fallback !== false && String(fallback) !== '';
  const allowed = isBoolean || /^(a list of )?text$/.test(allowedValues(type)) ? [] : [allowedValues(type)];
  const facts = [...(isRequired ? ['required'] : []), ...allowed, ...(shown ? [`default ${String(fallback)}`] : [])];
  const more = facts.length > 0 ? ` _(${facts.map(escaped).join('; ')})_` : '';
  return `- \`${flag}\`: ${escaped(description)}${more}`;
}

/** Text in which Markdown marks nothing. */
const escaped = (text: string): string =>
  text
    .split(/(`[^`]*`)/)
    .map((part, i) => (i % 2 === 1 ? part : part.replace(/[\\*_<[\]]/g, '\\$&')))
    .join('');

if (import.meta.url === pathToFileURL(resolve(process.argv[1] ?? '')).href) writeFileSync('CLI.md', await cliPage());
