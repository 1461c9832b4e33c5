/** What a site puts around its text: known by the element, by the name the site gives a box, by the words of a line. */
import { detach } from '../vietnamese/detach.ts';
import { ATTRIBUTE } from './attributes.ts';
import { type Element, traverse } from './dom.ts';
import { setOf } from './tags.ts';

const BESIDE_ROLES = setOf(
  'navigation banner contentinfo complementary search menu menubar dialog alert toolbar tablist',
);

/** Words of a class or id that name furniture, in the English and Vietnamese that site builders use. */
const NAMES = setOf(`
  related relate recommend recommended recommendation recommendations suggested
  share shares sharing sharebar sharedaddy social socials follow followus sidenav
  foot bottombar nav navbar navigation navheader navfooter menu submenu breadcrumb breadcrumbs crumb crumbs
  advert advertisement advertising ads adsense adbox ad newsletter subscribe subscription signup signin login register
  popup modal overlay lightbox tooltip cookie cookies consent gdpr toolbar pagination pager paging paginator
  tags taglist tagcloud tagged keywords byline copyright rating ratings vote voting poll outbrain taboola
  trending mostread skip skiplink hotline logo caption captions gallery carousel slideshow more readmore
  lienquan tinlienquan xemthem docthem tinkhac tinmoi chiase quangcao danhmuc tukhoa
`);

/** Names of boxes that builders also put around the article: they count where the box holds no sentences. */
const WEAK_NAMES = setOf(`
  widget widgets teaser teasers hidden invisible paywall print banner banners
  promo promotion sponsor sponsored sponsors latest popular masthead toc timestamp dateline quiz disclaimer sitemap
  author authors authorbox bio
`);

/** Boxes beside a page's text, or a box of whole sentences within it (DocBook): where it stands decides. */
const BOXED = setOf('sidebar');

/** Who wrote a post of a forum, and when. */
const POSTER_PAIRS = setOf(`
  user-info user-details user-title user-name message-user cell-user message-attribution post-info post-head post-date
  message-signature post-user
`);
const POSTER_NAMES = setOf('userinfo userdetails usertitle username postdate posthead signature');
/** What a post of a forum repeats of another. */
const REPEATED_POST = /bbcodeblock--quote|bbcode_quote|quotecontainer|quote_container/i;

/** The end of a page: it is never its text, however little of that there is. */
const PAGE_END = setOf('footer chantrang');
const PAGE_END_PAIRS = setOf('chan-trang');

/** What readers wrote below the article: often more than the article itself, and never the article. */
const COMMENT_NAMES = setOf('comment comments commentlist disqus respond reply replies binhluan');

/** The same for two neighbouring words, where each alone would be too common. */
const PAIRS = setOf(`
  see-also also-read read-also read-next up-next you-may top-bar back-top go-top call-action
  site-header page-header post-meta entry-meta article-meta meta-data email-signup
  lien-quan xem-them doc-them tin-khac tin-moi cung-chuyen chuyen-muc chia-se quang-cao danh-muc tu-khoa
  thanh-ben dau-trang ban-quyen doc-nhieu xem-nhieu noi-bat dang-nhap
`);
/** Written in one word: `relatednews`, `boxlienquan`. */
const COMPOUND = /^related.|.related$|lienquan|xemthem|docthem|tinkhac|docnhieu|xemnhieu|quangcao/;
const COMMENT_PAIRS = setOf('binh-luan y-kien');

/** How surely a box stands beside the text. */
export type Furniture = 'none' | 'weak' | 'boxed' | 'named' | 'comments' | 'page end';

/** Whole pages, headings and posts as WordPress marks them (`tag-…`, `category-…`) carry names of other things. */
const NEVER = setOf('html body main h1 h2 h3 h4 h5 h6 #page');
const POST = /(?:^|\s)(?:post-\d+|type-post|hentry)(?:\s|$)/;

/** What tag, role, class and id say of an element. */
export function furnitureOf(element: Element): Furniture {
  const { name } = element;
  if (name === 'footer') return 'page end';
  if (name === 'photo-caption') return 'none';
  if (name === 'aside') return 'boxed';
  if (RELATED_TYPE.test(element.attribute('type') ?? '')) return 'named';
  const role = element.attribute('role');
  if (role !== undefined && BESIDE_ROLES.has(role)) return role === 'contentinfo' ? 'page end' : 'named';
  const classes = element.attribute('class');
  if (NEVER.has(name) || (name === 'article' && classes !== undefined && POST.test(classes))) return 'none';
  const named = strongest(namedBy(classes), namedBy(element.attribute('id')));
  if (named === 'page end' && holdsArticle(element)) return 'named';
  return (named === 'named' || named === 'page end') && looksLikeMainText(element) ? 'weak' : named;
}

/** `sticky-footer` is a name for what holds the whole page. */
function holdsArticle(element: Element): boolean {
  let [found, seen] = [false, 0];
  traverse(element, {
    enter({ name }) {
      found ||= OUTLINE.has(name);
      return !found && ++seen < MOST_SEEN;
    },
  });
  return found;
}

const OUTLINE = setOf('h1 main article');
const MOST_SEEN = 1_000;

/** Content systems of Vietnamese papers say so in `type`. */
const RELATED_TYPE = /^related/i;

const STRENGTH: readonly Furniture[] = ['none', 'weak', 'boxed', 'named', 'comments', 'page end'];
const strongest = (a: Furniture, b: Furniture): Furniture => (STRENGTH.indexOf(a) >= STRENGTH.indexOf(b) ? a : b);

/** Sites repeat their class attributes, so each is taken apart once. */
const known = new Map<string, Furniture>();
const MAX_KNOWN = 20_000;
/** Longer attributes are no names. */
const MAX_NAME = 2_000;

function namedBy(value: string | undefined): Furniture {
  if (value === undefined || value.length > MAX_NAME) return 'none';
  const before = known.get(value);
  if (before !== undefined) return before;
  let found: Furniture = REPEATED_POST.test(value) ? 'named' : 'none';
  for (const name of value.split(/\s+/)) {
    const words = (name.match(/[A-Z]?[a-z]+|[A-Z]+(?![a-z])/g) ?? []).map((word) => word.toLowerCase());
    for (const [i, word] of words.entries()) {
      const pair = `${words[i - 1]}-${word}`;
      if (PAGE_END.has(word) || PAGE_END_PAIRS.has(pair)) found = strongest(found, 'page end');
      else if (COMMENT_NAMES.has(word) || COMMENT_PAIRS.has(pair)) found = strongest(found, 'comments');
      else if (NAMES.has(word) || PAIRS.has(pair) || COMPOUND.test(word)) found = strongest(found, 'named');
      else if (WEAK_NAMES.has(word) || POSTER_NAMES.has(word) || POSTER_PAIRS.has(pair))
        found = strongest(found, 'weak');
      else if (BOXED.has(word)) found = strongest(found, 'boxed');
    }
  }
  if (known.size >= MAX_KNOWN) known.clear();
  known.set(detach(value), found);
  return found;
}

/** Names that sites give to the box of the article itself. */
const MAIN_NAME =
  /(?:^|[\s_-])(?:(?:article|post|entry|story|news|detail|singular|page|content)[_-]{0,2}(?:body|content|text|detail|copy)|fck_detail)(?:$|[\s_-])/i;

export const looksLikeMainText = (element: Element): boolean =>
  element.attribute('itemprop') === 'articleBody' ||
  MAIN_NAME.test(element.attribute('class') ?? '') ||
  MAIN_NAME.test(element.attribute('id') ?? '');

/** Names of the paragraph that opens an article, above its text: what Vietnamese papers call the sapo. */
const LEAD_NAME =
  /(?:^|[\s_-])(?:sapo|lead|lede|leader|intro|introtext|standfirst|chapo|chapeau|excerpt|abstract|summary|deck|dek|subtitle|subheadline|subline|teaser|vorspann|chappeau|bajada|copete|description)(?:$|[\s_-])/i;

export const looksLikeLead = (element: Element): boolean => LEAD_NAME.test(element.attribute('class') ?? '');

/** What no reader sees; `bold` reads what scripts would reveal or replace. */
export const isUnread = (element: Element, bold: boolean): boolean =>
  bold
    ? element.tag.isUnreadable && element.name !== 'noscript'
    : element.tag.isUnreadable || isHidden(element) || isWikiMachinery(element);

/** MediaWiki: links to edit a section, numbers of notes, the notes themselves. */
const isWikiMachinery = ({ name, data }: Element): boolean =>
  (name === 'sup' || name === 'span' || name === 'ol' || name === 'div') && WIKI_MACHINERY.test(data);
const WIKI_MACHINERY =
  /\bclass=["'](?:[^"']{0,200}\s)?(?:mw-editsection|reference|references|mw-references-wrap|reflist)[\s"']/;

/** Hidden from readers by attribute or inline style. */
function isHidden(element: Element): boolean {
  if (!element.carries(HIDING)) return false;
  const style = element.attribute('style');
  return (
    // `until-found` opens what is folded up.
    (element.attribute('hidden') ?? 'until-found') !== 'until-found' ||
    element.attribute('aria-hidden') === 'true' ||
    (style !== undefined && HIDING_STYLE.test(style))
  );
}

/** Not shown, of no size, or beyond the edge of the screen. */
const HIDING_STYLE =
  /display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0(?:\.0+)?(?:px|r?em|%|pt)?\s*(?:;|!|$)|(?:left|top|text-indent)\s*:\s*-\d{4,}/i;
const HIDING = ATTRIBUTE.style | ATTRIBUTE.hidden | ATTRIBUTE['aria-hidden'];

/** A label that is furniture when it is the whole line. */
const LABELS =
  /^(?:chia sẻ(?: bài viết| facebook| zalo)?|bình luận|ý kiến(?: bạn đọc)?|gửi bình luận|viết bình luận|thích|trả lời|báo cáo|in bài(?: viết)?|lưu bài(?: viết)?|quảng cáo|trang chủ|về đầu trang|đầu trang|quay lại|xem tất cả|xem thêm|đọc thêm|đọc tiếp|xem tiếp|tin liên quan|bài liên quan|bài viết liên quan|tin tức liên quan|tin cùng chuyên mục|cùng chuyên mục|tin khác|các tin khác|tin mới(?: nhất)?|đọc nhiều(?: nhất)?|xem nhiều(?: nhất)?|có thể bạn quan tâm|mời bạn đọc|đăng nhập|đăng ký|bỏ qua,? (?:tới|đến) nội dung(?: chính)?|chuyển (?:tới|đến) nội dung(?: chính)?|facebook|twitter|zalo|email|copy link|sao chép liên kết|từ kh(?:óa|oá)|tags?|chủ đề|đang tải(?: văn bản)?|bạn chưa đăng nhập(?: thành viên)?!?|thành viên(?: mới| tích cực| kỳ cựu)?|(?:senior |junior |new )?member|moderator|trích dẫn)(?:\s*\(\d+\))?\s*[:»›>.…]*$/i;

/** Openings that make a short line furniture whatever follows. */
const OPENINGS =
  /^(?:(?:photo|image|foto|bild|cr[eé]dit|crédito)s?(?: credit| by)?\s*:|(?:xem|đọc) thêm\s*:|>{1,3}\s*(?:xem|đọc)|(?:tin|bài(?: viết)?) liên quan\s*:|đăng nhập để |chia sẻ\s*:|từ kh(?:óa|oá)\s*:|tags?\s*:|chủ đề\s*:|ảnh(?: minh h(?:ọa|oạ))?\s*:|nguồn ảnh\s*:|hotline\b|đường dây nóng|giấy phép .{0,80}gp-|giấy phép (?:xuất bản|hoạt động|thiết lập)|(?:phó )?tổng biên tập\s*:|cơ quan chủ quản\s*:|.{0,30}(?:tham gia(?: từ| ngày)?|join(?:ed| date)?)\s*:.{1,40}(?:bài viết|số bài|posts|messages)\s*:|chịu trách nhiệm nội dung|bản quyền thuộc|® ?|© ?|(?:xin |đề nghị |vui lòng )?ghi rõ nguồn|theo dõi .{1,40} trên (?:facebook|zalo|google|tiktok|youtube))/i;

/** Where a paper names its source: `Theo Tuổi Trẻ`, alone on a line and without a full stop. */
const CREDIT = /^\(?[Tt]heo (?:báo )?\p{Lu}[\p{L}\p{M}\d.]*(?: [\p{Lu}\d][\p{L}\p{M}\d.+/-]*){0,4}\)?$/u;

/** Day and hour of publication, alone on a line. */
const DATE_LINE =
  /^(?:(?:thứ (?:hai|ba|tư|năm|sáu|bảy|\d)|chủ nhật|cập nhật|đăng lúc|ngày)[\s,:]*)*\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}[\s,|–-]*(?:\d{1,2}\s*[:hg]\s*\d{2}(?:\s*(?:am|pm))?)?\s*(?:\(?gmt\s*\+7\)?)?$/i;

/** The hour of a post with its number, or a day and hour with the name of the writer behind it. */
const POST_DATE =
  /^(?:hôm (?:qua|nay)|\d{1,2}[/-]\d{1,2}[/-]\d{2,4})(?:,? lúc)?,? \d{1,2}:\d{2}(?:\s*[AaPp][Mm])?\s*#\d+$/i;
const BYLINE =
  /^(?:\p{L}+(?: \p{L}+)?,? )?\d{1,2}[/.-]\d{1,2}[/.-]\d{4}[\s,|–-]*\d{1,2}\s*[:hg]\s*\d{2}\s*(?:\(?GMT\s*\+7\)?)?[\s–-]*(?:\p{Lu}\p{Ll}*[ ,]{0,2}){1,5}$/u;

const MAX_FURNITURE_LINE = 200;

/** Whether a line of an extracted page is a label, a credit or a legal notice of the site. `line` is trimmed. */
export function isFurnitureLine(line: string): boolean {
  if (line.length > MAX_FURNITURE_LINE) return false;
  const composed = line.normalize('NFC');
  return (
    LABELS.test(composed) ||
    OPENINGS.test(composed) ||
    DATE_LINE.test(composed) ||
    CREDIT.test(composed) ||
    POST_DATE.test(composed) ||
    BYLINE.test(composed)
  );
}
