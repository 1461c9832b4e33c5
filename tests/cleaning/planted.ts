/**
 * Lines with personal data of every kind in every spelling, and lines that look alike and hold none: a few sentences
 * times many spellings, from one seed. Written from how people write such numbers, without a look at the rules; all
 * numbers are made up. The lines that people wrote one by one stand in personal-data.ts.
 */
import type { PersonalKind } from '../../cleaning/document.ts';
import {
  address,
  citizen,
  cut,
  digits,
  emailSpellings,
  landlineSpellings,
  mobileSpellings,
  oldMobileSpellings,
  padded,
  pick,
  plain,
  spread,
  taxCode,
  whole,
} from './spellings.ts';

export interface PlantedLine {
  readonly text: string;
  /** In the order of the text. */
  readonly expected: readonly { readonly kind: PersonalKind; readonly found: string }[];
}

const PHONE_SENTENCES = [
  'SĐT: {x} 2. Ủng hộ bằng hiện vật tại nhà văn hóa xã.',
  'Hotline {x} 8h-17h các ngày trong tuần.',
  'Tiệm ở 45/12 đường Ba Tháng Hai, Q.10 {x} gặp chị Bảy.',
  'Gọi {x} gặp cô Năm bán xoài cát.',
  'Phục vụ tận nhà, điện thoại {x} 24/7.',
  'Giá 1.250.000 đồng, gọi {x} để xem hàng.',
  'Anh Tư ({x}) giữ chìa khóa nhà kho.',
  'Zalo: {x}; nhà số 7 hẻm 15.',
  'Ngày 12/5/2015 tôi đổi số, nay là {x} nhé.',
  'Liên hệ {x}, {x}',
  'ĐT {x} hoặc {x} (chị Lan).',
  'Cần bán 3 con heo giống, mỗi con 2.500.000đ. {x}',
  'Mobile:{x}',
  'Bạn nào đi chung xe thì nhắn {x} trước 20h.',
  'Phòng trọ 18 m2 {x} chính chủ.',
  'Điện thoại của chủ vườn: {x}.',
  '1. Chú Ba, {x}\u00a02. Chú Sáu, {x}',
  'Gặp anh Hải số {x} lúc 7 giờ 30',
];

function addressLines(): string[] {
  const sentences = [
    'IP {x}',
    'Địa chỉ IP của kẻ tấn công là {x}, đã chặn.',
    'Máy chủ {x} không trả lời.',
    'ping {x} mất ba gói tin',
    'Đặt DNS là {x} rồi khởi động lại.',
    'Mở {x}:8080 trong trình duyệt.',
    'Lớp mạng {x}/24 của phường',
    'Gõ http://{x}/quan-tri vào ô địa chỉ',
    'server {x} đầy đĩa từ hôm qua',
    'Đăng nhập qua ssh root@{x} lúc nửa đêm',
  ];
  return sentences.flatMap((sentence) =>
    [true, false, true, false, false, true].map((thousands) => sentence.replace('{x}', `{{ip:${address(thousands)}}}`)),
  );
}

function addressSixLines(): string[] {
  const hex = () => whole(0x100, 0xffff).toString(16);
  const spellings = () => [
    `2001:${hex()}:${hex()}:${hex()}:${hex()}:${hex()}:${hex()}:${hex()}`,
    `2405:4800:${hex()}::${whole(1, 9)}`,
    `2402:800:${hex()}:${hex()}::${hex()}`,
    `2001:ee0:${hex().toUpperCase()}:${hex().toUpperCase()}:${hex()}:${hex()}:${hex()}:${hex()}`,
    `2a00:1450::${hex()}`,
  ];
  return [
    'Máy chủ trả lời từ {x} sau hai giây.',
    'IPv6: {x}',
    'Nhật ký ghi {x} lúc 3 giờ sáng.',
    'ping6 {x}',
    '({x}) là máy ở xã',
    'mở http://[{x}]:8080/ mà xem',
    'địa chỉ {x}, cổng 443',
    'Chặn {x}/64 từ hôm nay',
  ].flatMap((sentence) => spellings().map((found) => sentence.replace('{x}', `{{ip:${found}}}`)));
}

interface Planting {
  readonly kind: PersonalKind;
  readonly sentences: readonly string[];
  readonly spellings: () => readonly string[];
}

const many = (n: number, make: () => string) => (): string[] => Array.from({ length: n }, make);

const PLANTINGS: readonly Planting[] = [
  {
    kind: 'phone',
    sentences: PHONE_SENTENCES,
    spellings: () => [...mobileSpellings(), ...mobileSpellings(), ...oldMobileSpellings(), ...oldMobileSpellings()],
  },
  {
    kind: 'phone',
    sentences: ['Điện thoại: {x}, Fax: {x}', 'Tòa soạn {x} (giờ hành chính)', 'ĐT {x} gặp văn thư.', 'Tel: {x}.'],
    spellings: landlineSpellings,
  },
  {
    kind: 'email',
    sentences: [
      'Thư xin gửi về {x} trước ngày 15.',
      'Email: {x}',
      'Viết cho {x}, chúng tôi trả lời trong 24 giờ.',
      'Góp ý ({x}) để sửa lần in sau.',
      'Hộp thư {x}; điện thoại ghi ở dưới.',
      '{x} là địa chỉ của tổ trưởng',
      'Bài gửi {x}.',
    ],
    spellings: emailSpellings,
  },
  {
    kind: 'citizen_id',
    sentences: [
      'CCCD: {x}',
      'Căn cước công dân số {x} cấp ngày 05/7/2021.',
      'Bà Lê Thị Gấm, số định danh {x}, ngụ ấp 3.',
      'Người bán ({x}) đã ký.',
      'Số căn cước {x}, nơi cấp ghi phía sau',
      'thẻ CCCD {x} 12 năm mới đổi',
    ],
    spellings: many(110, () =>
      pick([
        plain,
        (n: string) => cut(n, [3, 3, 3, 3], ' '),
        (n: string) => cut(n, [4, 4, 4], ' '),
        (n: string) => cut(n, [3, 3, 3, 3], '.'),
      ])(citizen()),
    ),
  },
  {
    kind: 'identity_card',
    sentences: [
      'CMND số {x} do Công an tỉnh cấp ngày 3/2/2009.',
      'Chứng minh nhân dân: {x}',
      'số CMND {x}, thường trú tại số 12',
      'CMTND {x} cấp 2005',
      'giấy chứng minh nhân dân số {x}.',
      'CMND: {x} 2. Hộ khẩu (bản sao)',
    ],
    spellings: many(110, () =>
      pick([plain, (n: string) => cut(n, [3, 3, 3], ' '), (n: string) => cut(n, [3, 3, 3], '.')])(
        pick(['02', '12', '21', '27', '31', '36']) + digits(7),
      ),
    ),
  },
  {
    kind: 'passport',
    sentences: [
      'Hộ chiếu số {x} cấp ngày 1/1/2019.',
      'Passport: {x}',
      'số hộ chiếu {x}, quốc tịch Việt Nam',
      'hộ chiếu {x} 10 năm',
      'Passport No {x}.',
    ],
    spellings: many(110, () => pick(['B', 'C', 'N', 'P', 'K', 'E']) + digits(7)),
  },
  {
    kind: 'social_insurance',
    sentences: [
      'Mã số BHXH: {x}',
      'Sổ bảo hiểm xã hội số {x}, đóng từ 2011.',
      'mã số bảo hiểm xã hội {x}.',
      'BHXH số {x} 2. Giấy ra viện',
      'Số sổ BHXH của anh là {x}',
    ],
    spellings: many(60, () => pick(['79', '01', '36', '80', '52']) + digits(8)),
  },
  {
    kind: 'social_insurance',
    sentences: [
      'Thẻ BHYT {x} còn hạn đến 31/12.',
      'Mã thẻ BHYT: {x}',
      'thẻ bảo hiểm y tế số {x}.',
      'số thẻ BHYT là {x}, nơi khám ghi sau',
    ],
    spellings: many(
      50,
      () => `${pick(['GD', 'HC', 'DN', 'TE', 'HS'])}${whole(1, 5)}${pick(['79', '01', '36', '80'])}${digits(10)}`,
    ),
  },
  {
    kind: 'bank_account',
    sentences: [
      'STK: {x} Vietcombank 24/7',
      'Số tài khoản {x} 24/7 chuyển nhanh',
      'Số tài khoản {x} - Agribank chi nhánh Chợ Mới.',
      'Chuyển vào tài khoản số {x} trước ngày 15/8.',
      'TK {x} (BIDV)',
      'stk {x}, chủ tài khoản Trần Văn Rớt',
      'Tài khoản ngân hàng: {x}. 2. Gửi ảnh biên lai',
      'Ủng hộ qua số tài khoản {x} tại ACB',
    ],
    spellings: many(110, () => spread(pick(['1', '9', '0', '6', '5']) + digits(pick([8, 9, 11, 12, 13])))),
  },
  {
    kind: 'tax_code',
    sentences: [
      'Mã số thuế: {x}',
      'MST {x}, địa chỉ ghi trên hóa đơn.',
      'mã số thuế cá nhân {x}.',
      'MST: {x} 2. Số lượng 5 cái',
      'Mã số doanh nghiệp {x} cấp lần đầu',
    ],
    spellings: many(110, () => taxCode() + pick(['', '', '-001'])),
  },
  {
    kind: 'plate',
    sentences: [
      'Xe mang biển số {x} chạy quá tốc độ 80 km/h.',
      'Xe tải {x} chở 5 tấn lúa',
      'BKS {x}',
      'biển kiểm soát {x}, màu đỏ',
      'chiếc xe máy biển số {x} bị mất',
    ],
    spellings: many(
      110,
      () =>
        `${pick(['51', '59', '63', '65', '30', '29', '84', '71'])}${pick(['A', 'B', 'C', 'F', 'H', 'F1', '-B1', '-S2', 'N2'])}${pick(['-', ' '])}${pick([() => `${digits(3)}.${digits(2)}`, () => digits(5), () => digits(4)])()}`,
    ),
  },
];

const LOOK_ALIKES: readonly (() => string)[] = [
  () => `Giá xe là ${whole(1, 99)}.${padded(whole(0, 999), 3)}.${padded(whole(0, 999), 3)}.000 đồng.`,
  () => `Tổng vốn ${whole(1, 250)}.${whole(100, 255)}.${whole(100, 255)}.${whole(100, 255)} đồng cho ba năm.`,
  () =>
    `Doanh thu ${whole(1, 99)}.${whole(100, 255)}.${whole(100, 255)}.${whole(100, 255)}, lãi ${whole(1, 99)}.${whole(100, 999)}.${whole(100, 999)}`,
  () => `Kho bạc chi ${whole(100, 999)} ${digits(3)} ${digits(3)} đồng, còn lại ${whole(100, 999)}.${digits(3)} đồng.`,
  () =>
    `Nghị định số ${whole(1, 200)}/${whole(1995, 2025)}/NĐ-CP ngày ${whole(1, 28)}/${whole(1, 12)}/${whole(1995, 2025)}`,
  () =>
    `Công văn số ${whole(1000, 9999)}/BTC-TCHQ, Quyết định ${whole(10, 4000)}/QĐ-UBND và Luật số ${whole(10, 99)}/${whole(2005, 2025)}/QH13.`,
  () => `ISBN 978-604-${whole(1, 9)}-${whole(10000, 99999)}-${whole(0, 9)}, in ${whole(500, 3000)} bản.`,
  () => `ISBN: 978604${digits(7)}, nhà xuất bản Trẻ`,
  () => `ISBN-10: ${pick(['09', '03', '08'])}${digits(8)}`,
  () => `Phiên bản ${whole(1, 12)}.${whole(0, 20)}.${whole(0, 40)}.${whole(0, 250)} sửa ${whole(2, 90)} lỗi.`,
  () =>
    `Cập nhật lên v${whole(1, 12)}.${whole(0, 20)}.${whole(0, 400)}, trước là ${whole(1, 9)}.${whole(0, 9)}.${whole(10, 99)}.${whole(100, 255)}`,
  () =>
    `Ghi Nợ tài khoản ${whole(111, 911)}, Có tài khoản ${whole(1111, 9111)} số tiền ${whole(1, 99)}.${digits(3)}.000 đồng`,
  () => `Tọa độ ${whole(8, 23)}.${digits(6)}, ${whole(102, 109)}.${digits(6)} trên bản đồ.`,
  () =>
    `Vị trí ${whole(8, 23)}°${whole(10, 59)}'${whole(10, 59)}" Bắc, ${whole(102, 109)}°${whole(10, 59)}'${whole(10, 59)}" Đông`,
  () => `Trang ấy có ${whole(1, 9)}${digits(2)} ${digits(3)} ${digits(3)} lượt theo dõi.`,
  () => `Tài khoản của cô đạt ${whole(100, 999)} ${digits(3)} ${digits(3)} lượt xem trong ${whole(2, 30)} ngày.`,
  () => `Tài khoản ấy có ${whole(1, 99)}.${digits(3)}.${digits(3)} người đăng ký`,
  () =>
    `Từ ${whole(1, 28)}.${whole(1, 12)}.${whole(1950, 2024)} đến ${whole(1, 28)}-${whole(1, 12)}-${whole(1950, 2024)} lúc ${whole(7, 9)}h${whole(10, 59)}`,
  () => `Mục ${whole(1, 9)}.${whole(1, 9)}.${whole(1, 20)}.${whole(1, 9)} và Điều ${whole(1, 99)} khoản ${whole(1, 9)}`,
  () => `Điểm ${whole(1, 9)}.${whole(10, 30)}.${whole(10, 30)}.${whole(1, 9)} của phụ lục ${whole(1, 9)}`,
  () => `Dân số ${whole(10, 99)}.${digits(3)}.${digits(3)} người, ${whole(1, 9)}.${digits(3)}.${digits(3)} hộ.`,
  () => `Tỷ lệ 0,${digits(9)} và sai số 0.${digits(8)}`,
  () => `Mã vạch 893${digits(10)}, hạn dùng ${whole(6, 36)} tháng`,
  () => `Đơn hàng số ${pick(['DH', 'HD', 'VN'])}${digits(10)} giao ngày ${whole(1, 28)}/${whole(1, 12)}`,
  () =>
    `Kết quả: ${digits(2)} ${digits(2)} ${digits(2)} ${digits(2)} ${digits(2)} ${digits(2)}, giải ${whole(10, 90)}.${digits(3)}.${digits(3)}.000 đồng`,
  () => `Tổng đài ${pick(['1900', '1800'])} ${digits(4)} phục vụ 24/7`,
  () => `Lô ${digits(4)}, tờ ${whole(1, 90)}, thửa ${whole(100, 999)}, rộng ${whole(50, 900)},${whole(1, 9)} m2`,
  () => `Các năm ${whole(1900, 1950)}-${whole(1951, 1999)}, ${whole(2000, 2010)}, ${whole(2011, 2025)}`,
  () => `Câu ${whole(1, 60)}: ${digits(4)} + ${digits(3)} = ? A. ${digits(4)} B. ${digits(4)} C. ${digits(4)}`,
  () => `Lúc 09:${whole(10, 59)}:${whole(10, 59)} tàu qua ga, 12:${whole(10, 59)}:${whole(10, 59)} mới đến`,
  () => `std::vector<int> chứa ${whole(10, 99)} phần tử, tỷ lệ 16:9 hay 4:3`,
  () => `Kinh Thánh, Mt 5:${whole(1, 48)}; Ga 3:${whole(1, 36)}-${whole(37, 50)}`,
  () => `MAC 00:1a:2b:${whole(10, 99)}:4d:5e của máy in, mã lỗi 0x${digits(8)}`,
  () => `Tệp anh-${digits(10)}.jpg nặng ${whole(100, 999)} KB, trang https://vua.test/bai-${digits(9)}.html`,
  () => `Đất số ${whole(1, 99)}/${whole(1, 99)}/${whole(1, 99)} đường ${whole(1, 30)}/4, phường ${whole(1, 20)}`,
  () => `Lương tối thiểu ${whole(1, 5)}.${digits(3)}.000 đồng, BHXH ${whole(8, 25)},5%, BHYT 4,5%`,
  () =>
    `Số báo ${whole(1000, 9999)} (${whole(1000, 9999)}), ra thứ ${whole(2, 7)} ngày ${whole(1, 28)}/${whole(1, 12)}`,
  () => `Giấy phép số ${whole(100, 999)}/GP-BTTTT, mã số dự án ${whole(1, 9)}.${whole(10, 99)}`,
];

const MARK = /\{\{(\w+):([^}]*)\}\}/g;

function planted(marked: string): PlantedLine {
  return {
    text: marked.replace(MARK, '$2'),
    expected: [...marked.matchAll(MARK)].map(([, kind, found]) => ({ kind: kind as PersonalKind, found })),
  };
}

/** Two thirds of the lines hold something, one third only looks so: the kinds that {@link maskPersonalData} knows at `strict`. */
export const PLANTED: readonly PlantedLine[] = [
  ...PLANTINGS.flatMap(({ kind, sentences, spellings }) => {
    const numbers = spellings();
    return numbers.map((_, i) =>
      planted(
        sentences[i % sentences.length]
          .replaceAll('{x}', () => `{{${kind}:${pick(numbers)}}}`)
          .replace(/\{\{(\w+):[^}]*\}\}/, (_whole, k) => `{{${k}:${numbers[i]}}}`),
      ),
    );
  }),
  ...[...addressLines(), ...addressSixLines()].map(planted),
];

/** Prices, decrees, ISBN, versions, accounts, coordinates: {@link PLANTED}'s look-alikes. */
export const LOOK_ALIKE_LINES: readonly string[] = LOOK_ALIKES.flatMap((make) => Array.from({ length: 15 }, make));
