/**
 * Questions whose answer stands in a sentence, found by its syntax: what something is, where it lies, when something was, how
 * many there are, why; of laws what an article is about and what is fined. The answer is words of the sentence.
 */

export interface Extracted {
  readonly question: string;
  /** As it stands in the sentence. */
  readonly answer: string;
  readonly kind: string;
}

const NAME = String.raw`(?<name>\p{Lu}[\p{L}\p{N}]*(?: [\p{L}\p{N}]+){0,6}?)`;
const REST = String.raw`(?<rest>[^.;:!?"“”()]{6,160})`;

interface Pattern {
  readonly kind: string;
  readonly of: RegExp;
  question(groups: Readonly<Record<string, string>>): string | undefined;
  answer(groups: Readonly<Record<string, string>>): string;
}

const PERSON =
  /^(?:một |vị )?(?:người|nhà (?:thơ|văn|sử|báo|toán|vật|khoa|bác|cách|giáo|chính|soạn|điêu)|vua|vị vua|danh (?:tướng|nhân|y)|tướng|nhạc sĩ|họa sĩ|ca sĩ|bác sĩ|giáo sư|kỹ sư|anh hùng|con trai|con gái|vợ|chồng|hoàng đế)/;
/** What stands for something said before: nobody could tell what is asked for. */
const VAGUE =
  /^(?:Đây|Đó|Nó|Họ|Ông|Bà|Anh|Chị|Em|Cô|Chú|Bác|Tôi|Chúng|Ta|Mình|Bạn|Người|Điều|Việc|Cái|Những|Các|Một|Nếu|Khi|Vì|Do|Tuy|Nhưng|Và|Thì|Mà|Có|Không|Hay|Như|Theo|Trong|Trên|Sau|Trước|Từ|Để|Với|Còn|Ở|Thứ|Rồi|Mỗi|Mọi|Đến|Cũng|Vậy|Thế|Câu|Phần|Bài|Nay|Xưa|Ai|Ngày|Năm|Gì|Sao|Lúc|Cho|Bởi|Tại|Ngoài|Đối|Qua|Bằng|Hầu|Đa|Phải|Chỉ|Vẫn|Đang|Đã|Sẽ)(?: |$)|(?:^| )(?:này|đó|ấy|kia|nọ|tôi|ta|mình|bạn|nó|họ|ông|bà|em|anh|chị)(?: |$)/;

/** Within a name: it is a clause, and nothing that could be asked for. */
const CLAUSE =
  /(?:^| )(?:được|cũng|vẫn|tuy|không|chẳng|chưa|thật|nhất|chính|rằng|thấy|làm|đã|sẽ|đang|bị|có|gọi|xem|coi|vốn|cho|mà|từng|còn|lại|ra|hiện|luôn|thường|tức|nào|trông|nghĩ|nói|biết|muốn|phải|nên|vì|khi|nếu|tiếp|tiêu biểu|vai trò|phụ|trực|quen|thân|lệ|tùy|chỉ|rồi|đầu|xưa|nay|kể|vậy|thế)(?: |$)/i;

const PATTERNS: readonly Pattern[] = [
  {
    kind: 'what',
    of: new RegExp(`^${NAME} là ${REST}$`, 'u'),
    question: ({ name, rest }) => `${name} là ${PERSON.test(rest) ? 'ai' : 'gì'}?`,
    answer: ({ name, rest }) => `${name} là ${rest}`,
  },
  {
    kind: 'where',
    of: new RegExp(
      `^${NAME} (?<verb>nằm ở|nằm trên|nằm bên|nằm giữa|nằm tại|thuộc(?= (?:tỉnh|huyện|thành phố|xã|quận|vùng|châu|nước|khu vực|địa phận|thị xã|miền))|chảy qua|chảy ra|chảy vào) ${REST}$`,
      'u',
    ),
    question: ({ name, verb }) =>
      verb === 'thuộc'
        ? `${name} thuộc nơi nào?`
        : verb.startsWith('chảy')
          ? `${name} ${verb} đâu?`
          : `${name} nằm ở đâu?`,
    answer: ({ name, verb, rest }) => `${name} ${verb} ${rest}`,
  },
  {
    kind: 'born',
    of: new RegExp(
      `^${NAME} (?:\\((?:[^)]*)\\) )?sinh (?<when>(?:ngày \\d{1,2} tháng \\d{1,2} )?năm \\d{3,4})(?: .*)?$`,
      'u',
    ),
    question: ({ name }) => `${name} sinh năm nào?`,
    answer: ({ name, when }) => `${name} sinh ${when}`,
  },
  {
    kind: 'when',
    of: /^(?<when>(?:Ngày \d{1,2} tháng \d{1,2} năm \d{3,4}|Tháng \d{1,2} năm \d{3,4}|Năm \d{3,4})),? (?<what>\p{Lu}[^.;:!?"“”()]{12,140})$/u,
    question: ({ what }) => `${what} vào khi nào?`,
    answer: ({ when }) => when,
  },
  {
    kind: 'many',
    of: new RegExp(
      `^${NAME} (?:có|gồm|dài|rộng|cao|nặng) (?<count>(?:khoảng |gần |hơn )?\\d[\\d.,]*) (?<unit>\\p{L}+(?: \\p{L}+)?)(?: .*|,.*)?$`,
      'u',
    ),
    question: ({ name, unit, verb }) => `${name} ${verb} bao nhiêu ${unit}?`,
    answer: ({ count, unit }) => `${count} ${unit}`,
  },
  {
    kind: 'why',
    of: /^(?<what>\p{Lu}[^.;:!?"“”(),]{10,90}) (?:vì|bởi vì|là do) (?<why>[^.;:!?"“”()]{10,120})$/u,
    question: ({ what }) => `${what}, vì sao?`,
    answer: ({ why }) => `Vì ${why}`,
  },
  {
    kind: 'article',
    of: /^(?<article>Điều \d{1,3}[a-z]?)\. ?(?<title>\p{Lu}[^.;:!?]{6,120})$/u,
    question: ({ article }) => `${article} quy định về điều gì?`,
    answer: ({ title }) => title,
  },
  {
    kind: 'fine',
    of: /^(?:\d+\. )?(?<fine>Phạt tiền từ [\d.]+ đồng đến [\d.]+ đồng) đối với (?:hành vi|một trong các hành vi)? ?(?<act>[^.;:!?]{8,160})$/u,
    question: ({ act }) => `Hành vi ${act} bị phạt bao nhiêu?`,
    answer: ({ fine }) => fine,
  },
  {
    kind: 'duty',
    of: /^(?<who>(?:Cơ quan|Tổ chức|Cá nhân|Doanh nghiệp|Công ty|Bộ|Ủy ban|Hội đồng|Sở|Phòng|Viên chức|Công chức|Nhà trường|Chủ|Bên|Tòa án|Nhà nước)[\p{L} ]{0,50}) (?:có trách nhiệm|phải|có nghĩa vụ) (?<what>[^.;:!?"“”()]{10,140})$/u,
    question: ({ who }) => `${who} phải làm gì?`,
    answer: ({ what }) => `${what[0].toUpperCase()}${what.slice(1)}`,
  },
];

/** Of one sentence, without its full stop. */
export function extractFrom(sentence: string): Extracted[] {
  const text = sentence.trim().replace(/[.]$/, '');
  const found: Extracted[] = [];
  for (const { kind, of, question, answer } of PATTERNS) {
    const match = of.exec(text);
    if (!match?.groups) continue;
    const { name, who, what } = match.groups;
    if ([name, who, what].some((part) => part !== undefined && VAGUE.test(part))) continue;
    if ([name, who].some((part) => part !== undefined && CLAUSE.test(part)) || /[\t]| $/.test(text)) continue;
    if (what !== undefined && /(?:^| )nhưng(?: |$)/.test(what)) continue;
    const verb =
      kind === 'many' ? /(?:^| )(có|gồm|dài|rộng|cao|nặng) (?:khoảng |gần |hơn )?\d/.exec(text)?.[1] : undefined;
    const groups = verb ? { ...match.groups, verb } : match.groups;
    const asked = question(groups);
    if (asked === undefined || asked.length > 180) continue;
    found.push({ kind, question: asked, answer: answer(groups) });
  }
  return found.slice(0, 1);
}
