/**
 * Near duplicates: pages that another host of the sample web took over and touched up, as sites do. The copy is the
 * original with these edits by hand.
 */
import { ToolkitError } from '../shell/errors.ts';
import type { PageFile } from './page-file.ts';

interface Syndication {
  /** folder/slug of the original. */
  readonly of: string;
  readonly slug: string;
  readonly title: string;
  readonly date: string;
  /** A section of the host that took it over. */
  readonly section: string;
  /** Said before the text. */
  readonly credit: string;
  readonly edits: readonly (readonly [original: string, copy: string])[];
}

export const SYNDICATED: Readonly<Record<'bao' | 'vanhoc', readonly Syndication[]>> = {
  bao: [
    {
      of: 'sotay/thuy-trieu',
      slug: 'vi-sao-co-nuoc-lon-nuoc-rong',
      title: 'Vì sao có nước lớn, nước ròng',
      date: '2025-02-04',
      section: 'Môi trường',
      credit: 'Theo Sổ tay Mở.',
      edits: [
        ['Lực hấp dẫn yếu dần theo khoảng cách.', 'Lực hấp dẫn càng ra xa càng yếu.'],
        ['là một ví dụ kinh điển về nhật triều', 'là ví dụ hay được nhắc về nhật triều'],
      ],
    },
    {
      of: 'vanhoc/nha-go-ba-gian',
      slug: 'vach-muc-tren-xa-nha',
      title: 'Vạch mực trên xà nhà',
      date: '2024-07-29',
      section: 'Làng nghề',
      credit: 'Đăng lại từ Góc Văn.',
      edits: [
        ['Mùi của mấy đời bếp bỗng đầy sân.', 'Cả sân dậy mùi bếp cũ.'],
        ['Hỏi ông viết gì. Ông bảo', 'Có người hỏi ông viết gì, ông bảo'],
      ],
    },
  ],
  vanhoc: [
    {
      of: 'bao/cho-noi-thua-ghe',
      slug: 'cay-beo-cuoi-cung',
      title: 'Cây bẹo cuối cùng',
      date: '2024-03-25',
      section: 'Hồi ức',
      credit: 'Chép lại từ Báo Bến Sông.',
      edits: [
        ['4 giờ 20 phút. Trên khúc sông', 'Hơn bốn giờ sáng. Trên khúc sông'],
        [
          'Bán thứ gì treo thứ nấy, khỏi rao, vì tiếng máy nổ át hết tiếng người.',
          'Bán gì treo nấy, chẳng cần rao, tiếng máy nổ át hết tiếng người.',
        ],
        ['Anh lái vỏ lãi không ngả về bên nào.', 'Anh lái vỏ lãi không theo bên nào.'],
      ],
    },
  ],
};

/** @throws ToolkitError BAD_PAGE_FILE when the original no longer holds a sentence that the copy changed. */
export function syndicate({ edits, credit, of: _of, ...facts }: Syndication, original: PageFile): PageFile {
  let text = original.text;
  for (const [before, after] of edits) {
    if (!text.includes(before)) {
      throw new ToolkitError({ code: 'BAD_PAGE_FILE', message: `${original.slug}.md no longer holds "${before}"` });
    }
    text = text.replace(before, after);
  }
  return { ...facts, kind: original.kind, text: `${credit}\n\n${text}` };
}
