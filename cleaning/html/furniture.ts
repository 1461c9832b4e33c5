/** What a site puts around its text: known by the element, by the name the site gives a box, by the words of a line. */
import { detach } from '../detach.ts';
import type { Element } from './dom.ts';

const setOf = (words: string): ReadonlySet<string> => new Set(words.trim().split(/\s+/));

/** Elements that never hold running text. */
export const UNREADABLE = setOf(`
  script style noscript template svg math iframe object embed applet canvas audio video map head title
  button select option textarea input label datalist progress meter dialog menu nav frame frameset noframes figcaption
`);

/** Elements that start and end a line of their own. */
const BLOCKS = setOf(`
  address article aside blockquote body caption center dd details div dl dt fieldset figure footer form
  h1 h2 h3 h4 h5 h6 header hgroup hr html li main ol p pre section summary table tbody td tfoot th thead tr ul
`);

/** Custom elements (`<zing-article>`) are boxes as well. */
export const isBlock = ({ name }: Element): boolean => BLOCKS.has(name) || name.includes('-');

export const HEADINGS = setOf('h1 h2 h3 h4 h5 h6');

const BESIDE = setOf('aside footer');
const BESIDE_ROLES = setOf(
  'navigation banner contentinfo complementary search menu menubar dialog alert toolbar tablist',
);

/** Words of a class or id that name furniture, in the English and Vietnamese that site builders use. */
const NAMES = setOf(`
  comment comments commentlist disqus respond reply replies related relate recommend recommended recommendation
  recommendations suggested share shares sharing sharebar sharedaddy social socials follow followus sidebar sidenav
  footer foot bottombar nav navbar navigation navheader navfooter menu submenu breadcrumb breadcrumbs crumb crumbs
  promo promotion sponsor sponsored sponsors advert advertisement advertising ads adsense adbox ad banner banners
  newsletter subscribe subscription signup signin login register paywall popup modal overlay lightbox tooltip cookie
  cookies consent gdpr widget widgets toolbar pagination pager paging paginator tags taglist tagcloud tagged keywords
  byline author authors authorbox bio copyright disclaimer print rating ratings vote voting poll quiz outbrain taboola
  trending popular mostread latest hidden invisible skip skiplink masthead toc sitemap hotline logo
  timestamp dateline readmore more teaser teasers carousel slideshow gallery
  lienquan tinlienquan xemthem docthem tinkhac tinmoi binhluan chiase quangcao danhmuc tukhoa chantrang
`);

/** The same for two neighbouring words, where each alone would be too common. */
const PAIRS = setOf(`
  see-also also-read read-also read-next up-next you-may top-bar back-top go-top call-action
  site-header page-header post-meta entry-meta article-meta meta-data email-signup
  lien-quan xem-them doc-them tin-khac tin-moi cung-chuyen chuyen-muc binh-luan chia-se quang-cao danh-muc tu-khoa
  thanh-ben chan-trang dau-trang ban-quyen doc-nhieu xem-nhieu noi-bat dang-nhap
`);

/** Whether tag, role, class or id says that the element stands beside the text. */
export function looksLikeFurniture({ name, attribs }: Element): boolean {
  if (BESIDE.has(name)) return true;
  if (attribs.role !== undefined && BESIDE_ROLES.has(attribs.role)) return true;
  return namesFurniture(attribs.class) || namesFurniture(attribs.id);
}

/** Sites repeat their class attributes, so each is taken apart once. */
const known = new Map<string, boolean>();
const MAX_KNOWN = 20_000;

function namesFurniture(value: string | undefined): boolean {
  if (value === undefined) return false;
  const before = known.get(value);
  if (before !== undefined) return before;
  const found = value.split(/\s+/).some((name) => {
    const words = (name.match(/[A-Z]?[a-z]+|[A-Z]+(?![a-z])/g) ?? []).map((word) => word.toLowerCase());
    return words.some((word, i) => NAMES.has(word) || PAIRS.has(`${words[i - 1]}-${word}`));
  });
  if (known.size >= MAX_KNOWN) known.clear();
  known.set(detach(value), found);
  return found;
}

/** Names that sites give to the box of the article itself. */
const MAIN_NAME =
  /(?:^|[\s_-])(?:(?:article|post|entry|story|news|detail|singular|page|content)[_-]?(?:body|content|text|detail|copy)|fck_detail)(?:$|[\s_-])/i;

export const looksLikeMainText = ({ attribs }: Element): boolean =>
  attribs.itemprop === 'articleBody' || MAIN_NAME.test(attribs.class ?? '') || MAIN_NAME.test(attribs.id ?? '');

/** Hidden from readers by attribute or inline style. */
export const isHidden = ({ attribs }: Element): boolean =>
  attribs.hidden !== undefined ||
  attribs['aria-hidden'] === 'true' ||
  (attribs.style !== undefined && /display\s*:\s*none|visibility\s*:\s*hidden/i.test(attribs.style));

/** A label that is furniture when it is the whole line. */
const LABELS =
  /^(?:chia sẻ(?: bài viết| facebook| zalo)?|bình luận|ý kiến(?: bạn đọc)?|gửi bình luận|viết bình luận|thích|trả lời|báo cáo|in bài(?: viết)?|lưu bài(?: viết)?|quảng cáo|trang chủ|về đầu trang|đầu trang|quay lại|xem tất cả|xem thêm|đọc thêm|đọc tiếp|xem tiếp|tin liên quan|bài liên quan|bài viết liên quan|tin tức liên quan|tin cùng chuyên mục|cùng chuyên mục|tin khác|các tin khác|tin mới(?: nhất)?|đọc nhiều(?: nhất)?|xem nhiều(?: nhất)?|có thể bạn quan tâm|mời bạn đọc|đăng nhập|đăng ký|bỏ qua,? (?:tới|đến) nội dung(?: chính)?|chuyển (?:tới|đến) nội dung(?: chính)?|facebook|twitter|zalo|email|copy link|sao chép liên kết|từ khóa|tags?|chủ đề)(?:\s*\(\d+\))?\s*[:»›>.…]*$/i;

/** Openings that make a short line furniture whatever follows. */
const OPENINGS =
  /^(?:(?:xem|đọc) thêm\s*:|>{1,3}\s*(?:xem|đọc)|(?:tin|bài(?: viết)?) liên quan\s*:|đăng nhập để |chia sẻ\s*:|từ khóa\s*:|tags?\s*:|chủ đề\s*:|ảnh(?: minh họa)?\s*:|nguồn ảnh\s*:|hotline\b|đường dây nóng|giấy phép .{0,80}gp-|giấy phép (?:xuất bản|hoạt động|thiết lập)|chịu trách nhiệm nội dung|bản quyền thuộc|® ?|© ?|(?:xin |đề nghị |vui lòng )?ghi rõ nguồn|theo dõi .{1,40} trên (?:facebook|zalo|google|tiktok|youtube))/i;

/** Where a paper names its source: `Theo Tuổi Trẻ`, alone on a line and without a full stop. */
const CREDIT = /^\(?[Tt]heo (?:báo )?\p{Lu}[\p{L}\p{M}\d.]*(?: [\p{Lu}\d][\p{L}\p{M}\d.+/-]*){0,4}\)?$/u;

/** Day and hour of publication, alone on a line. */
const DATE_LINE =
  /^(?:(?:thứ (?:hai|ba|tư|năm|sáu|bảy|\d)|chủ nhật|cập nhật|đăng lúc|ngày)[\s,:]*)*\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}[\s,|–-]*(?:\d{1,2}\s*[:hg]\s*\d{2}(?:\s*(?:am|pm))?)?\s*(?:\(?gmt\s*\+7\)?)?$/i;

const MAX_FURNITURE_LINE = 200;

/** Whether a line of an extracted page is a label, a credit or a legal notice of the site. `line` is trimmed. */
export function isFurnitureLine(line: string): boolean {
  if (line.length > MAX_FURNITURE_LINE) return false;
  const composed = line.normalize('NFC');
  return LABELS.test(composed) || OPENINGS.test(composed) || DATE_LINE.test(composed) || CREDIT.test(composed);
}
