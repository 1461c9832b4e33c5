/**
 * Lines of lục bát for greetings, written for this project. `{me}` and `{you}` stand for pronouns, `{year}` for can-chi; a
 * line counts where it keeps the rules with what is put in, so that of several shapes of a line each pair finds one.
 */

/** Who writes, and what is wished: the first couplet. */
export const OPENING_SIX = `
Hôm nay {me} gửi đôi lời
Hôm nay {me} gửi lời
{me} xin gửi đôi lời
Hôm nay {me} viết đôi dòng
Bao điều {me} trong lòng
{me} xin viết đôi dòng
Thiệp này {me} viết trao tay
Thiệp này {me} trao tay
{me} trao tấm thiệp này
Từ lòng {me} chúc chân thành
Từ lòng {me} chân thành
{me} thưa tấm lòng thành
Câu thơ {me} viết thay lời
Câu thơ {me} thay lời
{me} trao những vần này
`;

export const OPENING_EIGHT = `
Mong sao {you} mãi vui tươi, an lành
Mong sao {you} vui tươi, an lành
{you} mạnh khỏe, vui tươi, an lành
Chúc cho {you} mãi thảnh thơi, vui vầy
Chúc cho {you} thảnh thơi, vui vầy
{you} mạnh khỏe, thảnh thơi, vui vầy
Mong sao {you} mãi ấm lòng, bình an
Mong sao {you} ấm lòng, bình an
{you} khỏe mạnh, ấm lòng, bình an
Chúc cho {you} vạn sự hồng, bình yên
Mong sao {you} mãi vui vầy, bình yên
Mong sao {you} vui vầy, bình yên
{you} khỏe mạnh, vui vầy, bình yên
Chúc cho {you} khỏe tháng ngày hân hoan
Chúc cho {you} từng ngày hân hoan
{you} vui khỏe tháng ngày hân hoan
Mong sao {you} mãi an lành, yên vui
Mong sao {you} an lành, yên vui
{you} mạnh khỏe, an lành, yên vui
Chúc cho {you} vạn việc lành tới nơi
Chúc cho {you} việc lành tới nơi
{you} gặp những việc lành tới nơi
`;

/** In the middle and at the end, for every glad occasion. */
export const GLAD_SIX = `
Đường dài còn lắm niềm vui
Bao năm gắn bó nghĩa tình
Thời gian như nước trôi xuôi
Nghĩa tình chẳng nhạt theo ngày
Lời thơ mộc mạc chân thành
Chữ tình xin gửi gió mây
Câu thơ gói trọn ân tình
Dẫu rằng đường rộng sông dài
Mỗi ngày một chút an lành
Trăm năm vẫn một tấm lòng
Yêu thương gói ở trong lòng
Nắng mai ấm áp hiên nhà
Ngày thường rồi cũng hóa thơ
Gió lành đưa những lời ca
Bao la trời đất ân tình
Ngoài hiên nắng mới vừa lên
Đường xa đã có người thương
Tay trong tay bước muôn phương
Nghĩa tình như biển như non
Một lời chúc chứa chan tình
Thuyền đời thuận gió căng buồm
Niềm vui từ những điều gần
Lời hay gửi tới gần xa
Mong sao muôn sự tròn đầy
`;

export const GLAD_EIGHT = `
Chúc cho ngày mới nụ cười trên môi
Bình an gõ cửa, niềm vui vào nhà
Mỗi ngày thêm một niềm vui trong đời
Gia đình ấm áp, trong ngoài thuận yên
Điều mong sẽ tới, việc hiền sẽ xong
Phúc đầy như suối, lộc bền như non
Ước gì được nấy, đường dài nở hoa
Bốn mùa mạnh khỏe, an nhàn thảnh thơi
Đường đời thuận lối, vững vàng bước chân
Một đời như ý, ngập tràn yêu thương
Niềm vui gõ cửa, muôn phần hân hoan
Lòng son vẫn giữ, nghĩa ân vẫn đầy
Nghìn điều tốt đẹp, trăm đường hanh thông
Nắng mai trước ngõ, hương nồng trong tay
Vạn điều như ý, việc lành nối nhau
Câu thơ gửi gió, dài lâu ân tình
Vui sao thắm thiết nghĩa tình gần xa
Nụ cười ở lại, nỗi buồn trôi xa
Lòng thơm như lúa, đời hiền như quê
Tình thân ấm áp, bốn bề yên vui
Ngày thêm rạng rỡ, đời thêm ngọt ngào
Trong veo như nắng, ngọt ngào như thơ
Tình sâu nghĩa nặng, bao giờ cũng xanh
Yêu thương đong mãi vẫn còn đầy vơi
Tấm lòng son sắt như non như nguồn
Đời vui như hội, người vui như cờ
Ấm êm từ những bữa cơm sum vầy
Niềm vui nhân mãi, nghĩa tình thêm sâu
Tháng ngày trôi nhẹ như mây ven trời
Lòng vui như nắng, tình dày như mây
Bao điều mơ ước nay thành niềm vui
Sóng yên biển lặng, thuyền xuôi bến lành
Đường hoa trải rộng, trời xanh mây hồng
Thảnh thơi như gió, trong lành như sương
Yêu thương còn đó, con đường còn đây
Bước chân thêm vững, tình thêm mặn nồng
Trăm năm hoa nở, phúc tròn như trăng
Đời đời nhớ mãi công ơn tháng ngày
Trời cao đất rộng, nơi nơi an lành
`;

export const TET_SIX = `
Xuân về hoa nở muôn nơi
Giao thừa pháo sáng ngang trời
Mai vàng đào thắm đua tươi
Đầu xuân nâng chén rượu nồng
Năm qua tất bật ngược xuôi
Ngoài sân én liệng đầu cành
Mưa xuân lất phất ngoài hiên
Bếp hồng bánh chín đêm nay
Tết về rộn rã gần xa
Cành đào hé nụ trước sân
Lộc xuân nảy biếc đầu cành
Tân niên vạn sự hanh thông
Trăm hoa khoe sắc đón xuân
Cả nhà sum họp đêm nay
Tiếng cười ấm cả gian nhà
Nắng xuân trải khắp nẻo đường
Hương trầm ngan ngát bàn thờ
Khói trầm quyện với hương hoa
Năm {year} đến rồi đây
Mừng xuân {year} an khang
Đón chào xuân mới {year}
`;

export const TET_EIGHT = `
Chúc cho năm mới trọn đời an khang
Nhà nhà rộn rã tiếng cười đón xuân
Lộc về đầy ngõ, tài vào đầy sân
An khang thịnh vượng, lộc tài đầy tay
Bình an, sức khỏe, vui vầy quanh năm
Sum vầy một mái nhà vui bốn mùa
Chén trà ngày tết thơm nồng tình thân
Phúc nhiều, thọ lớn, đẹp lành cả năm
Đất trời mở hội, lòng người nở hoa
Người người gặp phúc, nhà nhà gặp may
Chúc nhau câu phúc dài lâu đủ đầy
Trẻ già sức khỏe, tháng ngày thảnh thơi
Xuân sang thắm lại nụ cười trên môi
Cành mai trước ngõ, nắng hồng trên vai
Vui xuân thắm thiết nghĩa tình gần xa
Một năm như ý, ngập tràn yêu thương
Xuân {year} đến, tiếng cười nở hoa
Mừng xuân {year} tiếng cười nở hoa
Bánh chưng xanh mướt, rượu đào hồng tươi
Trời xuân xanh biếc, mây lành bay ngang
Mừng xuân thêm tuổi, thêm duyên, thêm tình
Niêu cơm đầy đặn, tiếng cười đầy hiên
Cành đào hé nụ, chim chuyền líu lo
`;

/** 8/3 and 20/10. */
export const WOMEN_SIX = `
Hoa thơm khoe sắc muôn nơi
Một bông hồng thắm trao tay
Vườn hồng ngan ngát hương bay
Nắng vàng rót nhẹ bên hiên
Bàn tay tần tảo sớm hôm
Đảm đang, trung hậu, dịu hiền
Bông hoa rực rỡ giữa đời
Gió đưa hương bưởi hương nhài
Nụ cười sáng cả gian nhà
Việc nhà việc nước vẹn toàn
`;
export const WOMEN_EIGHT = `
Đảm đang việc nước, trong ngoài yên vui
Nụ cười thắm mãi như hoa trên cành
Trẻ trung, rạng rỡ, dịu hiền, hân hoan
Đẹp như hoa nở, dịu hiền như trăng
Hương thơm lan tỏa, nắng hồng reo vui
Tay hoa vun vén nên nhà ấm êm
Xinh tươi như nụ, bền lâu như tùng
Ngày vui rực rỡ đất trời ngát hương
Mùa nào cũng đẹp, tuổi nào cũng xuân
Bông hồng thơm ngát trao tay tặng người
Hương bay trong gió, nụ tươi trên cành
`;

export const TEACHERS_SIX = `
Tháng mười một gió heo may
Bảng đen phấn trắng bao ngày
Con đò chở khách sang sông
Ơn người dạy dỗ nên người
Trang thơ mở lối vào đời
Lời xưa còn thắm trang thơ
Phấn bay trắng cả mái đầu
Một đời tận tụy vì người
Mái trường năm cũ còn đây
Trống trường rộn rã ngoài sân
Ơn thầy như núi như non
Bao mùa phượng đỏ sân trường
`;
export const TEACHERS_EIGHT = `
Tay người vun đắp, vườn đời nở hoa
Ơn người dạy dỗ, đưa đò sang sông
Một đời tận tụy sớm chiều bảng đen
Bao trang giáo án thức cùng đêm thâu
Tri ân gửi trọn, nghĩa tình khắc sâu
Ngọn đèn thức trắng, mái đầu điểm sương
Nghĩa người gieo hạt, vườn đời ngát hương
Mười năm đèn sách, một đường sáng trong
Từng trang giáo án thấm bao ân tình
Nắng hồng cửa lớp, gió lành đầu sân
Lời hay khắc mãi trong lòng khôn nguôi
Ơn sâu tạc dạ tháng ngày chẳng quên
Người gieo hạt chữ tháng ngày lặng im
`;

export const MOON_SIX = `
Trăng rằm soi sáng đêm nay
Đèn sao thắp sáng đường làng
Trống lân rộn rã đầu đình
Mâm cao bánh dẻo bánh thơm
Rước đèn khắp phố đông vui
Đêm rằm trăng tỏ như gương
Hằng Nga múa hát trên trời
Gió thu mát rượi đầu hiên
Mùa trăng tháng tám lại về
Tiếng cười con trẻ vang xa
`;
export const MOON_EIGHT = `
Đêm rằm tháng tám quây quần bên nhau
Đèn sao lấp lánh, trăng vàng như gương
Bánh thơm trà ấm, chuyện tình nhân gian
Hằng Nga xuống phố, cuội cười dưới trăng
Trung thu trăng tỏ, sum vầy đoàn viên
Trống lân rộn rã vui từ ngõ quê
Trăng lên soi tỏ bên hiên sum vầy
Nàng Hằng ghé xuống sân nhà chung vui
Ánh trăng trải khắp sân nhà lung linh
Trăng tròn như phúc, tình tròn như trăng
Trung thu đèn sáng, nghĩa tình đầy vơi
Đêm thu gió mát, trăng ngời muôn nơi
`;

export const BIRTHDAY_SIX = `
Hôm nay nến thắp lung linh
Mừng sinh nhật đến hôm nay
Thêm năm, thêm tuổi thắm tươi
Ngày sinh đã đến đây rồi
Bao năm khôn lớn nên người
Nến hồng thắp sáng niềm vui
Ngày này năm ấy trời xanh
Tuổi xanh rực rỡ như hoa
Mừng ngày sinh nhật hôm nay
Bánh thơm nến đã sáng ngời
Một ngày rất đỗi riêng tư
`;
export const BIRTHDAY_EIGHT = `
Tuổi thêm mạnh khỏe, ngày thêm an lành
Mừng ngày sinh nhật nụ cười rạng danh
Chúc cho tuổi mới sáng ngời tương lai
Ước mơ chắp cánh bay cao giữa trời
Nến hồng thổi nhẹ, điều lành hiện ra
Tuổi xanh như lá, môi cười như hoa
Tiệc vui sinh nhật, quà đầy trên tay
Thêm năm thêm tuổi, thêm tình thêm duyên
Một ngày sinh nhật ấm êm chan hòa
Mừng ngày sinh nhật, nụ cười lung linh
Tuổi vừa thêm mới, niềm vui thêm dày
`;

export const WEDDING_SIX = `
Trăm năm nên nghĩa vợ chồng
Hôm nay pháo cưới rộn ràng
Trầu cau thắm đỏ tơ hồng
Duyên lành se mối tơ hồng
Hai nhà kết mối lương duyên
Bến xưa thuyền đã cập rồi
Trời xanh loan phượng sánh đôi
Cau xanh trầu thắm mâm đầy
Chung nhau một mái nhà tranh
Từ nay chung lối chung đường
Đèn hoa rực rỡ đêm nay
`;
export const WEDDING_EIGHT = `
Sắt son một dạ mặn nồng trăm năm
Trăm năm hạnh phúc, đá vàng keo sơn
Thuyền tình cập bến sông trăng êm đềm
Nên duyên đôi lứa, vợ hiền chồng ngoan
Đôi tim hòa nhịp, một lòng bên nhau
Tơ hồng se kết bền lâu vuông tròn
Thuyền yên bến đậu, gia đình ấm êm
Đồng tâm tát cạn bể đông cũng gần
Hai người một bóng, ngàn đời chẳng phai
Chung tay xây tổ, đong đầy yêu thương
Trầu cau thắm đỏ duyên lành từ đây
Cưới nhau một buổi, nên tình trăm năm
Uyên ương liền cánh chung đường vui ca
Tình nồng như rượu, nghĩa dày như non
`;

/** Of mourning nothing is shared with what is glad. */
export const MOURNING_OPENING_EIGHT = `
Xin cùng {you} sẻ những lời xót thương
Xin cùng {you} sẻ lời xót thương
{you} hãy vững giữa trời gió mưa
Mong sao {you} vững giữa trời gió mưa
Mong sao {you} vơi lời xót xa
Xin chia {you} nỗi mất còn xót xa
Xin cùng {you} lặng lòng tiếc thương
{you} hãy giữ tấm lòng bình tâm
Xin chia {you} nỗi từng ngày nhớ nhung
Xin cùng {you} những ngày nhớ nhung
{you} hãy gắng từng ngày bớt đau
Xin chia {you} nỗi không đành tiễn đưa
Xin cùng {you} chẳng đành tiễn đưa
{you} hãy giữ bình tâm, an lành
`;
export const MOURNING_SIX = `
Người đi để lại nhớ thương
Nén nhang thành kính dâng người
Nén hương tưởng nhớ bay xa
Hạc vàng cất cánh về trời
Người về với cõi bình an
Đời người như áng mây bay
Lá vàng rụng xuống bên thềm
Ngọn đèn leo lét canh thâu
Một đời nhân hậu hiền lành
Công ơn khắc mãi trong lòng
Nghĩa tình người vẫn còn đây
Nỗi đau rồi cũng nguôi dần
Mây trôi lặng lẽ cuối trời
Tiếng chuông đồng vọng trong sương
Nguyện cầu cửa phật từ bi
Bâng khuâng ngơ ngẩn chiều thu
Khói nhang bảng lảng bên hiên
Người về chốn ấy bình yên
Thương người một nắng hai sương
Tiễn người một chuyến đi xa
Xin người an giấc ngàn thu
Đêm nay gió lạnh sương mờ
Lặng thầm một khúc tiễn đưa
Nén nhang khói tỏa hương trầm
Nghĩa tình ghi nhớ trăm năm
Gió chiều lặng giữa tầng không
Chiều buông mây trắng ngang đầu
Cõi người như giấc chiêm bao
`;
export const MOURNING_EIGHT = `
Cầu cho thanh thản về nơi suối vàng
Nghìn thu yên nghỉ, mây ngàn thảnh thơi
Nén hương thành kính tiễn người đi xa
Mong người yên nghỉ nơi vùng bình yên
Hương linh siêu thoát về miền bình an
Nỗi đau ở lại, lệ tràn hai mi
Người đi thanh thản, tiếng lành còn vang
Khói hương quyện lấy lời cầu bình an
Bóng người khuất nẻo chân trời còn thương
Xót xa tiễn bước người về thiên thu
Nghĩa ân còn mãi tháng ngày chẳng phai
Ngậm ngùi thắp nén hương trầm kính dâng
Nhang thơm một nén gửi theo ân tình
Một đời nhân nghĩa, thơm danh muôn đời
Nguyện cầu hương khói ấm lòng người xa
Tâm hương một nén đêm sương ngậm ngùi
Gió đưa mây trắng tiễn đưa người hiền
Trăng soi vằng vặc chiều thu lặng thầm
Nghĩa ân khắc mãi nghìn năm trong lòng
Tháng ngày xoa dịu nỗi đau trong lòng
Trời hiền đất rộng đón đưa người về
Dõi theo ngọn khói về trời thênh thang
Người đi như ngọn gió đưa nhẹ nhàng
Một đời sáng tựa vầng trăng hiền hòa
Giọt sương đọng lá, bóng hình chưa xa
Lời kinh siêu độ từ bi nhẹ nhàng
Nén nhang tưởng niệm nghìn năm chẳng rời
Nhớ thương gửi lại mấy hàng tâm hương
`;
