/** What Markdown holds beside text: front matter and comments. */
import { describe, expect, test } from 'vitest';
import { withoutMachinery } from '../../cleaning/decode/markdown.ts';

describe('withoutMachinery', () => {
  test.each([
    ['YAML front matter', '---\ntitle: Bến\nhash: 9f2c\n---\n# Bến\n\nĐò đầy.', '# Bến\n\nĐò đầy.'],
    ['TOML front matter', '+++\r\ntitle = "Bến"\r\n+++\r\nĐò đầy.', 'Đò đầy.'],
    ['a rule at the head is none', '---\nĐò đầy.\n---\nHết.', '---\nĐò đầy.\n---\nHết.'],
    ['front matter that never ends', '---\ntitle: Bến\nĐò đầy.', '---\ntitle: Bến\nĐò đầy.'],
    ['a comment', 'Đò <!-- boat -->đầy.', 'Đò đầy.'],
    ['a comment of many lines', '<!--\nThe boat is full.\n\nIt leaves.\n-->\nĐò đầy.', '\nĐò đầy.'],
    ['two in a line', 'a<!--x-->b<!--y-->c', 'abc'],
    ['a comment that never ends', 'Đò đầy. <!-- ghi chú\nhết', 'Đò đầy. <!-- ghi chú\nhết'],
    ['code about comments', '```html\n<!-- x -->\n```\nĐò <!-- y -->đầy.', '```html\n<!-- x -->\n```\nĐò đầy.'],
  ])('%s', (_, text, expected) => expect(withoutMachinery(text)).toBe(expected));
});
