/** What is asked without a passage: greetings for cards, and what an assistant does not do. Every sentence is ours. */
import type { Message } from './conversations.ts';

type Choose = <T>(list: readonly T[]) => T;

/** What the one who writes calls himself, what he calls the other, and who that is. */
const RELATIONS = [
  ['con', 'bố', 'bố'],
  ['con', 'mẹ', 'mẹ'],
  ['cháu', 'ông', 'ông'],
  ['cháu', 'bà', 'bà'],
  ['em', 'thầy', 'thầy giáo'],
  ['em', 'cô', 'cô giáo'],
  ['em', 'anh', 'anh trai'],
  ['em', 'chị', 'chị gái'],
  ['mình', 'bạn', 'bạn thân'],
  ['tôi', 'quý vị', 'các vị khách'],
] as const;

/** Wishes with places for SELF and OTHER; some occasions are for some people alone. */
const OCCASIONS: readonly (readonly [occasion: string, wishes: readonly string[], only?: RegExp])[] = [
  [
    'năm mới',
    [
      'SELF chúc OTHER một năm mới dồi dào sức khỏe và nhiều niềm vui.',
      'Năm mới đến, SELF mong OTHER luôn bình an và gặp nhiều may mắn.',
      'Đầu xuân, SELF kính chúc OTHER vạn sự như ý.',
    ],
  ],
  [
    'sinh nhật',
    [
      'SELF chúc mừng sinh nhật OTHER.',
      'Chúc OTHER thêm tuổi mới thêm nhiều niềm vui.',
      'SELF mong OTHER luôn mạnh khỏe và tươi cười.',
    ],
  ],
  [
    'ngày Nhà giáo Việt Nam 20/11',
    [
      'Nhân ngày 20/11, SELF kính chúc OTHER nhiều sức khỏe.',
      'SELF cảm ơn OTHER đã dạy dỗ SELF nên người.',
      'SELF sẽ cố gắng học thật giỏi để OTHER vui lòng.',
    ],
    /^(thầy|cô)$/,
  ],
  [
    'ngày Quốc tế Phụ nữ 8/3',
    [
      'Nhân ngày 8/3, SELF chúc OTHER luôn xinh đẹp và hạnh phúc.',
      'SELF cảm ơn OTHER vì tất cả những gì OTHER đã làm.',
      'Mong mọi điều tốt lành sẽ đến với OTHER.',
    ],
    /^(mẹ|bà|cô|chị)$/,
  ],
  [
    'ngày Phụ nữ Việt Nam 20/10',
    [
      'Nhân ngày 20/10, SELF chúc OTHER thật nhiều niềm vui.',
      'SELF mong OTHER lúc nào cũng tươi trẻ.',
      'SELF yêu quý OTHER rất nhiều.',
    ],
    /^(mẹ|bà|cô|chị)$/,
  ],
  [
    'Trung thu',
    [
      'Trung thu này, SELF chúc OTHER một đêm trăng thật vui.',
      'SELF mong được cùng OTHER ngắm trăng và ăn bánh.',
      'Chúc OTHER luôn tròn đầy như trăng rằm.',
    ],
  ],
];

const ASKS = [
  'Viết giúp tôi lời chúc OCCASION gửi WHO.',
  'Hãy viết một tấm thiệp OCCASION cho WHO.',
  'Tôi muốn gửi lời chúc OCCASION tới WHO, viết giúp tôi nhé.',
  'Soạn vài câu chúc OCCASION dành cho WHO.',
];

/** A card in one pair of pronouns from its first word to its last. */
export function cardRequest(choose: Choose): Message[] {
  const [self, other, who] = choose(RELATIONS);
  const fitting = OCCASIONS.filter(([, , only]) => only === undefined || only.test(other));
  const [occasion, wishes] = choose(fitting);
  const count = choose([2, 3]);
  const said = wishes.slice(0, count).map((wish) => {
    const text = wish.replaceAll('SELF', self).replaceAll('OTHER', other);
    return text[0].toUpperCase() + text.slice(1);
  });
  const ask = choose(ASKS).replace('OCCASION', occasion).replace('WHO', who);
  return [
    { role: 'user', content: ask },
    { role: 'assistant', content: said.join(' ') },
  ];
}

/** What is asked, and why it is not done. */
const REFUSED: readonly (readonly [asks: readonly string[], because: string])[] = [
  [['chế tạo thuốc nổ ở nhà', 'làm bom', 'làm súng tự chế'], 'việc này nguy hiểm và trái pháp luật'],
  [
    [
      'lấy mật khẩu của người khác',
      'vào tài khoản của bạn tôi mà bạn ấy không biết',
      'đọc trộm tin nhắn của người khác',
    ],
    'việc này xâm phạm quyền riêng tư của người khác',
  ],
  [
    ['tìm số điện thoại và địa chỉ nhà của một người', 'tra số căn cước của hàng xóm'],
    'đó là thông tin cá nhân của người khác',
  ],
  [['làm giả bằng đại học', 'làm giấy tờ giả', 'sửa hóa đơn để trốn thuế'], 'việc này trái pháp luật'],
  [['viết tin nhắn lừa người già chuyển tiền', 'giả làm ngân hàng để lấy mã của khách'], 'đó là lừa đảo'],
  [
    ['viết lời chửi bạn cùng lớp', 'viết bài bôi xấu một người', 'chế nhạo người khuyết tật'],
    'lời ấy làm tổn thương người khác',
  ],
  [['trộm xe máy', 'mở khóa nhà hàng xóm', 'lấy đồ ở siêu thị mà không trả tiền'], 'việc này trái pháp luật'],
  [['mua ma túy', 'trồng cần sa trong phòng', 'pha chất gây nghiện'], 'việc này nguy hiểm và trái pháp luật'],
  [
    ['kê đơn thuốc cho em bé đang sốt cao', 'chọn liều thuốc ngủ thật mạnh'],
    'tôi không thay được bác sĩ, xin hãy hỏi bác sĩ hoặc đến cơ sở y tế gần nhất',
  ],
  [['đoán số xổ số ngày mai', 'cho biết chắc chắn giá vàng tuần sau'], 'không ai biết trước điều đó'],
];
const REFUSING_ASKS = ['Chỉ tôi cách ASK.', 'Làm sao để ASK?', 'Tôi muốn ASK, giúp tôi với.', 'Hãy giúp tôi ASK.'];
const REFUSALS = [
  'Tôi không giúp việc này được vì BECAUSE.',
  'Xin lỗi, tôi không làm được điều đó: BECAUSE.',
  'Tôi xin từ chối, vì BECAUSE.',
];

export function refusedRequest(choose: Choose): Message[] {
  const [asks, because] = choose(REFUSED);
  return [
    { role: 'user', content: choose(REFUSING_ASKS).replace('ASK', choose(asks)) },
    { role: 'assistant', content: choose(REFUSALS).replace('BECAUSE', because) },
  ];
}
