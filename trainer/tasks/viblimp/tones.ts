/**
 * Syllables that differ in their tone alone, each in sentences where the other has no place. Both words are frequent, and
 * each stands for the other as often as the other for it: no tokenizer makes one side of all pairs longer.
 */
export const TONES: readonly (readonly [string, readonly string[], string, readonly string[]])[] = [
  [
    'bàn',
    ['Bố tôi đóng một cái _ gỗ.', 'Quyển sách ở trên mặt _ gỗ.', 'Nó ngồi vào _ ăn cơm.'],
    'bạn',
    ['Lan là người _ thân của tôi.', 'Tôi gặp một người _ cũ.', 'Nó có rất nhiều _ bè.'],
  ],
  [
    'chó',
    ['Nhà tôi nuôi một con _ đen.', 'Con _ đang sủa ngoài sân.', 'Bác ấy có con _ rất khôn.'],
    'cho',
    ['Bố mua quà _ em tôi.', 'Bà đọc báo _ ông nghe.', 'Anh ấy mua sách _ em gái.'],
  ],
  [
    'gà',
    ['Bà tôi nuôi một đàn _ con.', 'Sáng nào con _ cũng gáy.', 'Mẹ nấu món cháo _ rất ngon.'],
    'gã',
    ['Hắn là một _ lưu manh.', 'Có một _ đàn ông lạ mặt đứng ngoài cổng.', 'Tên trộm là một _ thanh niên.'],
  ],
  [
    'cũ',
    ['Chiếc xe này đã _ rồi.', 'Bố tôi vẫn mặc cái áo _ ấy.', 'Chúng tôi về thăm ngôi trường _.'],
    'củ',
    ['Mẹ mua một _ khoai lang.', 'Con thỏ ăn một _ cà rốt.', 'Bà bóc mấy _ hành.'],
  ],
  [
    'sáng',
    ['Buổi _ trời rất mát.', 'Tôi thường dậy lúc sáu giờ _.', 'Đèn trong phòng rất _.'],
    'sàng',
    ['Chúng tôi đã sẵn _ lên đường.', 'Đội bóng sẵn _ cho trận đấu.', 'Mọi thứ đều đã sẵn _.'],
  ],
  [
    'tháng',
    ['Một năm có mười hai _.', 'Tôi sẽ về quê vào _ sau.', 'Em bé được ba _ tuổi.'],
    'thẳng',
    ['Con đường này rất _.', 'Em hãy ngồi cho _ lưng.', 'Anh cứ đi _ là đến.'],
  ],
  [
    'bảy',
    ['Một tuần có _ ngày.', 'Em tôi năm nay _ tuổi.', 'Ba cộng bốn bằng _.'],
    'bay',
    ['Con chim đang _ trên trời.', 'Đàn cò _ về tổ.', 'Con diều _ rất cao.'],
  ],
  [
    'năm',
    ['Bàn tay có _ ngón.', 'Em tôi học lớp _.', 'Hai cộng ba bằng _.'],
    'nằm',
    ['Con mèo đang _ trên ghế.', 'Em bé _ ngủ trong nôi.', 'Ông tôi đang _ trên giường.'],
  ],
  [
    'lá',
    ['Mùa thu cây rụng hết _.', 'Con sâu ăn _ cây.', 'Bà quét _ rụng ngoài sân.'],
    'là',
    ['Bố tôi _ bác sĩ.', 'Đây _ nhà của tôi.', 'Hà Nội _ thủ đô của Việt Nam.'],
  ],
  [
    'hỏi',
    ['Học sinh _ thầy giáo một câu.', 'Tôi muốn _ đường ra bến xe.', 'Nó hay _ mẹ về ông bà.'],
    'hói',
    ['Ông tôi bị _ đầu từ lâu.', 'Người đàn ông ấy có cái đầu _.', 'Cái đầu _ của ông bóng loáng.'],
  ],
  [
    'cửa',
    ['Em ra mở _ sổ.', 'Có ai đang gõ _ nhà tôi.', 'Chị ấy đóng _ lại rồi đi ngủ.'],
    'của',
    ['Đây là quyển sách _ tôi.', 'Giọng hát _ bà ngoại rất ấm.', 'Tên _ em trai tôi là Minh.'],
  ],
  [
    'vở',
    ['Học sinh mua quyển _ mới.', 'Em chép bài vào _.', 'Cô giáo chấm _ cho học sinh.'],
    'vợ',
    ['Anh ấy rất yêu _ con.', 'Hai _ chồng cùng đi chợ.', 'Chú tôi cưới _ năm ngoái.'],
  ],
  [
    'quả',
    ['Mẹ mua một _ cam ngọt.', 'Trên cây có nhiều _ chín.', 'Bà gọt _ táo cho cháu.'],
    'quá',
    ['Hôm nay trời nóng _.', 'Bài này khó _ nên tôi không làm được.', 'Cái áo này đẹp _.'],
  ],
  [
    'đỗ',
    ['Em trai tôi thi _ đại học.', 'Chị tôi vừa thi _ vào lớp mười.', 'Bạn tôi thi _ bằng lái xe.'],
    'đổ',
    ['Cơn bão làm _ nhiều cây to.', 'Em bé làm _ cốc nước.', 'Trời _ mưa rất to.'],
  ],
  [
    'nghỉ',
    ['Chủ nhật tôi được _ học.', 'Bố tôi _ hưu năm ngoái.', 'Cả lớp được _ hè ba tháng.'],
    'nghĩ',
    ['Tôi _ anh ấy nói đúng.', 'Nó đang suy _ rất lâu.', 'Mẹ _ rằng trời sắp mưa.'],
  ],
  [
    'sữa',
    ['Em bé uống _ mẹ.', 'Mỗi sáng tôi uống một cốc _.', 'Con bê đang bú _ mẹ.'],
    'sửa',
    ['Người thợ đang _ xe.', 'Bố tôi _ lại cái bàn hỏng.', 'Thầy giáo _ bài cho học sinh.'],
  ],
  [
    'mua',
    ['Mẹ đi chợ _ rau.', 'Tôi muốn _ một cái áo mới.', 'Bố _ cho em quyển sách.'],
    'mùa',
    ['Bây giờ đang là _ hè.', 'Tôi thích _ xuân nhất trong năm.', 'Ở đây có hai _ mưa và khô.'],
  ],
  [
    'bò',
    ['Nhà bác tôi nuôi một con _.', 'Con _ đang ăn cỏ.', 'Mẹ nấu món thịt _ xào.'],
    'bó',
    ['Em tặng cô giáo một _ hoa.', 'Bà mua mấy _ rau muống.', 'Anh ấy cầm một _ hoa hồng.'],
  ],
  [
    'cao',
    ['Ngôi nhà ấy rất _.', 'Cái tủ này _ hơn cái bàn.', 'Ngọn núi này _ nhất vùng.'],
    'cáo',
    ['Trong rừng có một con _ già.', 'Con _ bắt mất con gà.', 'Bộ lông của con _ màu đỏ.'],
  ],
  [
    'lửa',
    ['Ngọn _ cháy rất to.', 'Chúng tôi ngồi quanh đống _.', 'Mẹ nhóm _ nấu cơm.'],
    'lừa',
    ['Con _ đang chở hàng.', 'Con _ thấp hơn con ngựa.', 'Bác ấy cưỡi một con _.'],
  ],
  [
    'gió',
    ['Ngoài biển _ thổi mạnh.', 'Cơn _ làm bay chiếc mũ.', 'Mùa đông có _ bắc.'],
    'giỏ',
    ['Bà xách một _ trứng.', 'Chị ấy xếp cam vào _ tre.', 'Cái _ này đan bằng tre.'],
  ],
  [
    'ngủ',
    ['Em bé đang _ say.', 'Tôi thường đi _ sớm.', 'Cả nhà đã _ hết.'],
    'ngũ',
    ['Anh ấy vừa xuất _ về quê.', 'Chú tôi nhập _ năm ngoái.', 'Ông tôi xuất _ đã lâu.'],
  ],
  [
    'đèn',
    ['Bố bật _ trong phòng lên.', 'Ngọn _ này rất sáng.', 'Chị ấy quên tắt _.'],
    'đen',
    ['Con mèo này có lông màu _.', 'Tóc của em rất _.', 'Mây _ kéo đến đầy trời.'],
  ],
  [
    'tiền',
    ['Tôi không mang theo _ mặt.', 'Bố cho em _ mua sách.', 'Chị ấy gửi _ vào ngân hàng.'],
    'tiên',
    ['Bà _ giúp đỡ cô bé nghèo.', 'Nàng _ bay về trời.', 'Ông _ tóc bạc chống gậy.'],
  ],
  [
    'sách',
    ['Em đang đọc một quyển _.', 'Trên giá có nhiều _ cũ.', 'Tôi mượn một cuốn _ ở thư viện.'],
    'sạch',
    ['Nhà cửa luôn rất _.', 'Em rửa tay cho _.', 'Nước giếng này trong và _.'],
  ],
  [
    'ngon',
    ['Món ăn này rất _.', 'Bà nấu cơm _ lắm.', 'Quả xoài này chín và _.'],
    'ngọn',
    ['Con chim đậu trên _ cây.', 'Đoàn người leo lên _ núi.', 'Gió thổi tắt _ nến.'],
  ],
  [
    'thi',
    ['Ngày mai em đi _ môn toán.', 'Kỳ _ bắt đầu vào tháng sáu.', 'Học sinh đang làm bài _.'],
    'thì',
    ['Nếu trời mưa _ tôi ở nhà.', 'Tôi đến nơi _ trời đã tối.', 'Hễ nó đói _ nó khóc.'],
  ],
  [
    'tai',
    ['Con voi có đôi _ rất to.', 'Ông tôi bị điếc một bên _.', 'Em bé bị đau _ phải.'],
    'tài',
    ['Cậu ấy học rất _.', 'Chị ấy có _ nấu nướng.', 'Ông là một nhà thơ đại _.'],
  ],
];
