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
    ['a link', 'Xem [bến đò](ben.md "Bến") và [chợ][1].\n\n[1]: https://cho.test', 'Xem bến đò và chợ.\n'],
    ['a target with brackets', '[Huế](https://vi.test/Huế_(phố)) đẹp', 'Huế đẹp'],
    [
      'pictures and badges',
      '# Đò\n[![Build](b.svg)](https://ci)\n![Đò](a.png)\nĐầy. <img src="x.png" width="3">',
      '# Đò\n\n\nĐầy. ',
    ],
    ['anchors', '<a id="ben"></a>\n## Bến <a name="x"/> {#ben}', '\n## Bến '],
    ['tags around text', '<div align="center"><b>Đò</b> đầy<br/>rồi</div>', 'Đò đầy rồi'],
    ['an address', 'Ở <https://do.test/a>', 'Ở https://do.test/a'],
    ['a menu', 'Đầu.\n\n- [A](#a)\n  - [B](#b)\n- [C](#c)\n\n- [D](#d)\n\nCuối.', 'Đầu.\n\nCuối.'],
    [
      'a list of links that says more',
      '- [A](a) là chợ\n- [B](b) là đò\n- [C](c) là bến\n- [D](d) là ghe',
      '- A là chợ\n- B là đò\n- C là bến\n- D là ghe',
    ],
    ['three links', '- [A](a)\n- [B](b)\n- [C](c)', '- A\n- B\n- C'],
    ['code', '`[a](b)` và <b>`<b>`</b>\n\n```\n[a](b) <img>\n```', '`[a](b)` và `<b>`\n\n```\n[a](b) <img>\n```'],
    [
      'formulas and tasks',
      '- [x] xong [1] và $a_{[i]}$, 3 < 5 > 2, {a}',
      '- [x] xong [1] và $a_{[i]}$, 3 < 5 > 2, {a}',
    ],
  ])('%s', (_, text, expected) => expect(withoutMachinery(text)).toBe(expected));
});
