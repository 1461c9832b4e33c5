/**
 * A test of the assistant that makes itself, by seed: documents with planted facts, some of which contradict each other,
 * and questions that they answer, that they do not answer, and that ask for articles of laws.
 */
import { seededRandom } from '../../shards/checksum.ts';

export interface Planted {
  readonly id: string;
  readonly title: string;
  readonly text: string;
}

export interface Asked {
  readonly kind: 'fact' | 'contradiction' | 'unanswerable' | 'law';
  readonly question: string;
  /** What the answer holds, all of it; none: «không biết». */
  readonly expected: readonly string[];
  /** Documents that may be cited. */
  readonly documents: readonly string[];
}

interface Attribute {
  /** `X` is the thing, `V` the value. */
  readonly sentences: readonly string[];
  readonly questions: readonly string[];
  readonly value: (random: () => number) => string;
}

const ONSETS = 'B,Ch,D,Đ,G,H,Kh,L,M,Ng,Nh,Ph,S,T,Th,Tr,V,X'.split(',');
const RHYMES = 'ạc,ài,án,ảo,âm,âu,ếch,ên,ín,óc,ông,ơn,uân,ương,ượng,ài,oan,iêu,ình,ẫn'.split(',');
const THINGS = ['Cầu', 'Hồ', 'Chùa', 'Trường', 'Làng', 'Hợp tác xã', 'Nhà máy', 'Chợ', 'Bảo tàng', 'Công viên'];
const FAMILIES = 'Nguyễn,Trần,Lê,Phạm,Hoàng,Vũ,Đặng,Bùi'.split(',');
const GIVEN = 'Minh Khôi,Thị Hạnh,Quốc Bảo,Thu Trang,Văn Lộc,Hải Yến,Đức Thắng,Ngọc Ánh'.split(',');
const NOISE = [
  'Buổi sáng ở đây thường có sương mù nhẹ.',
  'Người dân quanh vùng rất tự hào về nơi này.',
  'Vào mùa mưa, đường đi lại có phần khó khăn.',
  'Nhiều du khách ghé thăm vào dịp cuối tuần.',
  'Con đường dẫn vào rợp bóng cây xanh.',
];
const person = (random: () => number): string => `${pick(FAMILIES, random)} ${pick(GIVEN, random)}`;
const thousand = (random: () => number): string =>
  `${1 + Math.floor(random() * 9)}.${100 + Math.floor(random() * 899)}`;
const ATTRIBUTES: readonly Attribute[] = [
  {
    sentences: ['X được khánh thành vào năm V.', 'Năm V, X chính thức được khánh thành.'],
    questions: ['X được khánh thành năm nào?', 'X khánh thành khi nào?'],
    value: (random) => String(1880 + Math.floor(random() * 140)),
  },
  {
    sentences: ['X có diện tích V mét vuông.', 'Tổng diện tích của X là V mét vuông.'],
    questions: ['X có diện tích bao nhiêu mét vuông?', 'Diện tích của X là bao nhiêu?'],
    value: thousand,
  },
  {
    sentences: ['Người thiết kế X là kiến trúc sư V.', 'X do kiến trúc sư V thiết kế.'],
    questions: ['Ai thiết kế X?', 'Ai là người thiết kế X?'],
    value: person,
  },
  {
    sentences: ['Kinh phí tu sửa X là V triệu đồng.', 'Để tu sửa X, địa phương đã chi kinh phí V triệu đồng.'],
    questions: ['Kinh phí tu sửa X là bao nhiêu triệu đồng?', 'Kinh phí tu sửa X hết bao nhiêu?'],
    value: thousand,
  },
  {
    sentences: ['Người quản lý X hiện nay là ông V.', 'Hiện nay, ông V là người quản lý X.'],
    questions: ['Ai quản lý X hiện nay?', 'Ai là người quản lý X?'],
    value: person,
  },
  {
    sentences: ['Mỗi năm X đón V lượt khách tham quan.', 'X đón V lượt khách tham quan mỗi năm.'],
    questions: ['Mỗi năm X đón bao nhiêu lượt khách tham quan?', 'X đón bao nhiêu lượt khách tham quan mỗi năm?'],
    value: thousand,
  },
];

const pick = <T>(of: readonly T[], random: () => number): T => of[Math.floor(random() * of.length)];
const put = (text: string, thing: string, value = ''): string =>
  text.replace(/\b[XV]\b/g, (place) => (place === 'X' ? thing : value));

/** @param count facts; a third as many contradictions, two thirds unanswerable */
export function plantedSet(count: number, seed = 1): { documents: Planted[]; questions: Asked[] } {
  const random = seededRandom(seed);
  const names = new Set<string>();
  while (names.size < count * 2) {
    const syllable = (): string => pick(ONSETS, random) + pick(RHYMES, random);
    names.add(`${pick(THINGS, random)} ${syllable()} ${syllable()}`);
  }
  const things = [...names];
  const documents: Planted[] = [];
  const questions: Asked[] = [];
  const plant = (thing: string, sentences: readonly string[]): string => {
    const id = `planted-${documents.length}`;
    const noise = [...NOISE].sort(() => random() - 0.5).slice(0, 3);
    const body = [
      `${thing} là một địa điểm quen thuộc với người dân trong vùng.`,
      noise[0],
      ...sentences,
      ...noise.slice(1),
    ];
    documents.push({ id, title: thing, text: body.join(' ') });
    return id;
  };
  for (let n = 0; n < count; n++) {
    const thing = things[n];
    // Three facts of a thing; one is asked for, and one that is not there.
    const own = [...ATTRIBUTES].sort(() => random() - 0.5);
    const said = own.slice(0, 3).map((attribute) => ({ attribute, value: attribute.value(random) }));
    const sentence = ({ attribute, value }: (typeof said)[number]): string =>
      put(pick(attribute.sentences, random), thing, value);
    const id = plant(thing, said.map(sentence));
    const [{ attribute, value }] = said;
    const ask = ({ questions: forms }: Attribute): string => put(pick(forms, random), thing);
    questions.push({ kind: 'fact', question: ask(attribute), expected: [value], documents: [id] });
    if (n % 3 === 0) {
      const [, second] = said;
      let other = second.attribute.value(random);
      while (other === second.value) other = second.attribute.value(random);
      const rival = plant(thing, [sentence({ attribute: second.attribute, value: other })]);
      questions.push({
        kind: 'contradiction',
        question: ask(second.attribute),
        expected: [second.value, other],
        documents: [id, rival],
      });
    }
    if (n % 3 === 1) questions.push({ kind: 'unanswerable', question: ask(own[4]), expected: [], documents: [] });
    if (n % 3 === 2)
      questions.push({
        kind: 'unanswerable',
        question: put(pick(own[0].questions, random), things[count + n]),
        expected: [],
        documents: [],
      });
  }
  return { documents, questions };
}

/** Articles of laws that are there, and as many that are not. */
export function lawQuestions(laws: readonly Planted[], most: number): Asked[] {
  const questions: Asked[] = [];
  for (const { id, text } of laws) {
    const number = /\d+\/\d{4}\/[\p{Lu}Đ\d-]+/u.exec(text.slice(0, 600))?.[0];
    if (number === undefined) continue;
    const articles = [...text.matchAll(/\nĐiều (\d+)\.[ \t]*([^\n]{12,})/g)];
    const kind = /nghị định/i.test(text.slice(0, 200)) ? 'Nghị định' : 'Thông tư';
    for (const [, article, head] of articles.slice(0, 3)) {
      if (questions.length >= most) return questions;
      const expected = [head.trim().slice(0, 40)];
      questions.push({
        kind: 'law',
        question: `Điều ${article} ${kind} ${number} quy định gì?`,
        expected,
        documents: [id],
      });
    }
    if (articles.length > 0 && questions.length < most)
      questions.push({ kind: 'law', question: `Điều 997 ${kind} ${number} quy định gì?`, expected: [], documents: [] });
  }
  return questions;
}
