/** Words with the features that the rules of minimal pairs ask for. Plain modern Vietnamese; every list is ours. */

const list = (words: string): readonly string[] => words.split(',').map((word) => word.trim());

/** Who does something, as a sentence begins. */
export const PEOPLE = list(
  'Tôi, Anh Nam, Chị Lan, Bố tôi, Mẹ tôi, Ông nội tôi, Bà ngoại tôi, Em trai tôi, Chị gái tôi, Cô giáo tôi, Bác hàng xóm, Chú tôi, Bạn tôi, Anh ấy, Cô ấy, Cậu Tuấn, Dì Hương, Thầy Dũng, Bà Hoa, Ông Bảy, Bác Ba, Chú Sáu, Cô Linh, Cụ Tám, Anh Đức, Chị Thảo, Mợ Sen, Em Bình, Thím Năm, Bạn Phúc',
);
export const NAMES = list('Nam, Lan, Hoa, Hùng, Mai, Tuấn, Hương, Dũng, Linh, Minh');

/** Things by their classifier. What several classifiers may stand before (`cái`, `chiếc`) is under one of them. */
export const NOUNS: Readonly<Record<string, readonly string[]>> = {
  con: list('mèo, chó, gà, vịt, trâu, bò, lợn, ngựa, chim, cá, thỏ, dê, khỉ'),
  cái: list('bàn, ghế, tủ, giường, nồi, bát, đĩa, mũ, gương, rổ, cốc, chảo'),
  quyển: list('sách, vở, từ điển, tiểu thuyết, truyện'),
  quả: list('cam, chuối, xoài, táo, ổi, bưởi, dưa hấu, đu đủ, lê'),
  tờ: list('báo, giấy, lịch'),
  bức: list('tranh, ảnh, tượng, thư'),
  ngôi: list('nhà, chùa, đền, biệt thự'),
  đôi: list('giày, dép, tất, đũa'),
};

/** What one does to things of each classifier, so that any of them makes a sentence. */
export const VERBS: Readonly<Record<string, readonly string[]>> = {
  con: list('vừa mua, đã bán, nhìn thấy, muốn vẽ, rất thích'),
  cái: list('vừa mua, đã bán, tìm thấy, muốn mua, rất thích'),
  quyển: list('vừa mua, đã đọc, tìm thấy, muốn mượn, rất thích'),
  quả: list('vừa mua, đã ăn, muốn ăn, rất thích, mang về'),
  tờ: list('vừa mua, cầm theo, tìm thấy, cần mua, nhìn thấy'),
  bức: list('vừa nhận, đã gửi, tìm thấy, nhìn thấy, rất thích'),
  ngôi: list('vừa mua, đã bán, nhìn thấy, muốn xây, rất thích'),
  đôi: list('vừa mua, đã bán, tìm thấy, muốn mua, làm mất'),
};
/** What may stand behind `một …` with any classifier: no feeling towards a thing that nobody knows. */
export const SEES = list('vừa mua, nhìn thấy, tìm thấy, muốn mua, đã bán');

export const NUMBERS = list('hai, ba, bốn, năm, sáu, bảy, tám, chín, mười');
export const DEMONSTRATIVES = list('này, kia, ấy');

/** Colours and shapes that things of a classifier have. */
export const ADJECTIVES: Readonly<Record<string, readonly string[]>> = {
  con: list('trắng, đen, béo, gầy, khỏe'),
  cái: list('đỏ, xanh, mới, cũ, đẹp'),
  quyển: list('mới, cũ, dày, mỏng, đẹp'),
  quả: list('to, nhỏ, chín, ngọt, xanh'),
  bức: list('đẹp, cũ, mới, lạ, quý'),
  ngôi: list('đẹp, cũ, mới, cổ, rộng'),
  đôi: list('mới, cũ, đẹp, trắng, đen'),
};

/**
 * What most sentences of two orders go on with: without it the same few words would stand side by side in
 * all pairs of a rule, and a model that learnt nothing be right, or wrong, in most of them at once.
 */
export const [PLACES, MANNERS, REMARKS] = [
  list(
    'ở chợ, tại Huế, trong làng, ngoài phố, bên sông, gần trường, cạnh đình, dưới quê, trên phố, giữa làng, đầu xóm, cuối phố, quanh đây',
  ),
  list(
    'ở đây, với tôi, cùng bạn bè, một mình, như mọi ngày, khi trời mưa, lúc rảnh rỗi, trước giờ học, sau giờ làm, trong nhà, bên cửa sổ, từ sáng',
  ),
  list(
    'đấy, mà, chứ, thì phải, theo ý tôi, trong mắt tôi, với tôi, và ai cũng biết, nên ai cũng nhớ, như tôi nghĩ, thật đấy, đúng như tôi nhớ',
  ),
];

/** Verb and object, of what one is doing. */
export const DOINGS = list(
  'đọc báo, nấu cơm, xem phim, học bài, viết thư, rửa bát, quét nhà, uống trà, ăn cơm, nghe nhạc, vẽ tranh, trồng cây, làm bài tập, chơi bóng đá, giặt quần áo, tưới rau, sửa xe, gọi điện, uống cà phê, đan áo',
);
/** Who one is, which does not change: nobody asks whether it is so yet. */
export const IDENTITIES = list(
  'người Huế, sinh viên, con một, con trai bác Hùng, em gái anh Nam, bạn của Lan, người miền Nam, cháu ngoại bà Tư, học sinh lớp này, người làng này, hàng xóm của cô Mai, con gái thầy Minh',
);
/** What one does again and again; neither does one ask of that whether it is so yet. */
export const OFTEN = list('hay, thường');

/** Things that have a quality, as a sentence begins, with qualities that they may have. */
export const QUALITIES: readonly (readonly [string, readonly string[]])[] = [
  ['Bộ phim này', list('hay, dài, buồn, vui')],
  ['Bài hát này', list('hay, buồn, vui, cũ')],
  ['Ngôi nhà này', list('đẹp, rộng, cao, cũ')],
  ['Quả cam này', list('ngọt, chua, to, ngon')],
  ['Con mèo này', list('béo, khôn, ngoan, đẹp')],
  ['Con đường này', list('dài, rộng, đẹp, vắng')],
  ['Cái áo này', list('đẹp, rộng, mới, rẻ')],
  ['Món ăn này', list('ngon, cay, mặn, lạ')],
  ['Bài toán này', list('khó, dễ, hay, dài')],
  ['Cô giáo tôi', list('trẻ, hiền, vui, đẹp')],
  ['Con sông này', list('rộng, sâu, dài, đẹp')],
  ['Thành phố này', list('đẹp, đông, sạch, lớn')],
];

/** Greater, lesser, and in what. */
export const GREATER: readonly (readonly [string, string, string])[] = [
  ['con voi', 'con mèo', 'to'],
  ['con voi', 'con trâu', 'nặng'],
  ['con ngựa', 'con bò', 'nhanh'],
  ['con chó', 'con gà', 'khôn'],
  ['cái tủ', 'cái ghế', 'cao'],
  ['cái bàn', 'cái ghế', 'rộng'],
  ['quả bưởi', 'quả cam', 'to'],
  ['quả dưa hấu', 'quả táo', 'nặng'],
  ['quả xoài', 'quả chanh', 'ngọt'],
  ['ngôi chùa', 'ngôi nhà', 'cổ'],
  ['con sông', 'con suối', 'rộng'],
  ['ngọn núi', 'ngọn đồi', 'cao'],
  ['máy bay', 'tàu hỏa', 'nhanh'],
  ['ô tô', 'xe đạp', 'đắt'],
  ['mùa hè', 'mùa xuân', 'nóng'],
  ['mùa đông', 'mùa thu', 'lạnh'],
  ['Hà Nội', 'Nam Định', 'đông'],
  ['bà tôi', 'mẹ tôi', 'già'],
  ['anh tôi', 'tôi', 'cao'],
  ['chị Lan', 'chị Hoa', 'trẻ'],
];

/** What happens to one by whom: glad, and sorry. */
export const [GLAD, SORRY] = [
  list(
    'cô giáo khen, thầy giáo khen, bố mẹ thưởng, bạn bè yêu quý, bác sĩ cứu sống, ông bà cho quà, mẹ tặng quà, mọi người giúp đỡ, nhà trường khen thưởng, bố cho tiền, bà nội khen, hàng xóm quý mến',
  ),
  list(
    'cô giáo mắng, thầy giáo phạt, bố mẹ đánh, bạn bè ghét, kẻ trộm lừa, chó cắn, công an bắt, mọi người chê, nhà trường đuổi học, bố mắng, xe máy đâm, hàng xóm chửi',
  ),
];

/** Adjective, its reduplication that means less, and sentences that it ends, or that have a place for it. */
export const REDUPLICATIONS: readonly (readonly [string, string, readonly string[]])[] = [
  ['đỏ', 'đo đỏ', list('Quả táo ấy màu, Cái áo ấy màu, Bông hoa kia màu, Đôi má em bé')],
  ['trắng', 'trăng trắng', list('Tấm vải ấy màu, Cái mũ ấy màu, Bông hoa kia màu, Đám mây kia màu')],
  ['tím', 'tim tím', list('Tấm vải ấy màu, Cái khăn ấy màu, Bông hoa kia màu, Quả sim chín màu')],
  ['ngọt', 'ngòn ngọt', list('Quả cam này có vị, Bát chè này có vị, Cốc nước này có vị, Củ khoai này có vị')],
  ['mặn', 'mằn mặn', list('Bát canh này có vị, Nước biển có vị, Cốc nước này có vị, Món cá này có vị')],
  ['đắng', 'đăng đắng', list('Chén trà này có vị, Cốc nước này có vị, Rau này có vị, Viên thuốc này có vị')],
  ['nhạt', 'nhàn nhạt', list('Bát canh này có vị, Cốc trà này có vị, Món rau này có vị, Quả dưa này có vị')],
  ['lạnh', 'lành lạnh', list('Hôm nay trời, Buổi sáng ở đây, Ngoài sân trời, Gió đêm nay')],
  ['nóng', 'nong nóng', list('Hôm nay trời, Bát cháo này còn, Cốc nước này, Trán của em bé')],
  ['mát', 'man mát', list('Hôm nay trời, Buổi tối ở đây, Ngoài vườn trời, Gió chiều nay')],
  ['ấm', 'âm ấm', list('Cốc nước này, Cốc sữa này, Trong bếp, Bát canh này')],
  ['nhỏ', 'nho nhỏ', list('Nhà tôi có cái sân, Bà tôi có mảnh vườn, Nó nói bằng giọng, Ở đó có ngôi chùa')],
  ['nhẹ', 'nhè nhẹ', list('Cơn gió thổi, Chị ấy bước đi, Mưa xuân rơi, Mẹ vỗ về em bé')],
  ['nặng', 'nằng nặng', list('Cái túi này, Chiếc ba lô này, Đầu óc tôi, Bao gạo này')],
  ['chậm', 'chầm chậm', list('Ông tôi đi, Con rùa bò, Đoàn tàu chạy, Con thuyền trôi')],
  ['khẽ', 'khe khẽ', list('Chị ấy hát, Em bé thở, Mẹ tôi nói, Cô giáo gọi')],
  ['khác', 'khang khác', list('Hôm nay trông nó, Giọng nói của anh ấy, Món ăn này vị, Con đường này trông')],
  [
    'giống',
    'giông giống',
    list('Hai chị em trông _ nhau, Hai bức tranh này _ nhau, Hai bài hát này _ nhau, Hai ngôi nhà này _ nhau'),
  ],
  ['bé', 'be bé', list('Căn phòng này, Cái sân nhà tôi, Con thuyền ấy, Nhà bà tôi có cái ao')],
  ['lạ', 'là lạ', list('Món ăn này có vị, Cốc trà này có mùi, Giọng hát ấy nghe, Hôm nay trông chị ấy')],
  ['sợ', 'sờ sợ', list('Tôi cảm thấy, Em bé thấy, Đi đêm một mình tôi thấy, Nghe kể chuyện ma nó thấy')],
  ['ướt', 'ươn ướt', list('Mái tóc chị ấy còn, Đôi mắt bà tôi, Bãi cỏ buổi sáng còn, Cái khăn này còn')],
  ['ngắn', 'ngăn ngắn', list('Cái váy ấy, Mái tóc chị ấy, Nó viết một bức thư, Cái bút chì này')],
  ['xám', 'xam xám', list('Con mèo ấy màu, Bầu trời chiều nay, Bức tường ấy màu, Cái áo len ấy màu')],
  ['thấp', 'thâm thấp', list('Ngôi nhà ấy, Cái ghế này, Ở đó có ngọn đồi, Bức tường kia')],
  ['chát', 'chan chát', list('Quả ổi này có vị, Chén trà này có vị, Quả chuối xanh có vị, Nước chè này có vị')],
];

/** Cause and what follows from it; and what happens in spite of it. */
export const CAUSES: readonly (readonly [string, string, string])[] = [
  ['trời mưa to', 'chúng tôi ở nhà', 'chúng tôi vẫn đi chơi'],
  ['bị ốm', 'nó phải nghỉ học', 'nó vẫn đi học'],
  ['nhà xa', 'Lan phải dậy sớm', 'Lan vẫn đi bộ đến trường'],
  ['bài toán khó', 'tôi không làm được', 'tôi vẫn làm được'],
  ['thiếu tiền', 'anh ấy không mua xe', 'anh ấy vẫn mua xe'],
  ['đường tắc', 'chúng tôi đến muộn', 'chúng tôi vẫn đến đúng giờ'],
  ['trời lạnh', 'bà mặc áo ấm', 'bà vẫn mặc áo mỏng'],
  ['mất điện', 'cả nhà đi ngủ sớm', 'cả nhà vẫn thức khuya'],
  ['rất mệt', 'mẹ đi nghỉ sớm', 'mẹ vẫn nấu cơm'],
  ['còn nhỏ', 'em chưa đi học', 'em đã biết đọc'],
  ['lười học', 'nó bị điểm kém', 'nó vẫn được điểm cao'],
  ['đã già', 'ông tôi đi rất chậm', 'ông tôi vẫn rất khỏe'],
  ['không có xe', 'tôi phải đi bộ', 'tôi vẫn đến sớm'],
  ['bận việc', 'bố không về được', 'bố vẫn về thăm bà'],
];
