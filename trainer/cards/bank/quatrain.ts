/** Lines of seven syllables for greetings of four lines, in the shapes of verse.ts. */

/** Flat in the second place, with who writes. */
export const OPENING_ONE = `
Hôm nay {me} gửi mấy vần thơ
Hôm nay {me} gửi vần thơ
{me} xin gửi mấy vần thơ
Hôm nay {me} viết mấy lời này
Hôm nay {me} viết lời này
{me} xin viết mấy lời này
Hôm nay {me} chúc vạn điều lành
Hôm nay {me} chúc điều lành
{me} xin chúc vạn điều lành
`;
/** Sharp in the second place, with who is greeted. */
export const OPENING_TWO = `
Mong chúc {you} vui thỏa ước mơ
Mong chúc {you} thỏa ước mơ
{you} vui như thỏa ước mơ
Gửi chúc {you} luôn khỏe mỗi ngày
Gửi chúc {you} khỏe mỗi ngày
{you} bình an khỏe mỗi ngày
Mong chúc {you} luôn giữ tuổi xanh
Mong chúc {you} giữ tuổi xanh
{you} vui tươi giữ tuổi xanh
Gửi chúc {you} luôn được chở che
Gửi chúc {you} mãi đẹp như mơ
Gửi tới {you} bao nỗi đợi chờ
Gửi tới {you} muôn ánh nắng mai này
Gửi tới {you} hương sắc tháng ngày
`;
export const GLAD_THREE = `
Mọi việc hanh thông như ý nguyện
Nhà cửa yên vui, tình gắn bó
Sức khỏe dồi dào, tâm sáng tỏ
Phúc lộc song toàn, tài trí vẹn
Vạn sự như lòng luôn thấy đủ
Nắng ấm ngoài hiên, hoa hé nụ
`;
export const GLAD_FOUR = `
Vui từng phút nhỏ, đẹp từng giờ
Thuyền vui cập bến, nắng lên bờ
Niềm vui, hạnh phúc mãi dâng đầy
Bình an, may mắn nắm trong tay
Ân tình như núi, phúc như mây
Ngày vui nối tiếp, mộng đời thành
Tâm an, chí vững, việc công thành
Đường xa vững bước, chí nên danh
Đường đời rộng mở, gió vờn tơ
Niềm vui như nắng trải đường mây
`;
export const TET_THREE = `
Én lượn mai vàng xuân rực rỡ
Phúc lộc đầy nhà, xuân thắm mãi
Tết đến bên nhau, đèn sáng tỏ
Pháo nổ giao thừa xuân mới tới
`;
export const WOMEN_THREE = `
Sắc thắm hương nồng hoa nở rộ
Trung hậu đảm đang, người đẹp nết
Đóa thắm trao tay ngày rực rỡ
`;
export const TEACHERS_THREE = `
Bụi phấn bảng đen tình nghĩa nặng
Tận tụy đưa đò bao thế hệ
Ngọn nến soi đường luôn sáng tỏ
`;
export const MOON_THREE = `
Bánh dẻo đèn sao, trăng sáng tỏ
Trống rộn múa lân vui khắp xóm
Nguyệt tỏ trên cao, đèn rước phố
`;
export const BIRTHDAY_THREE = `
Nến thắp lung linh, thêm tuổi mới
Sinh nhật tưng bừng, vui khắp chốn
Tuổi mới ngời ngời bao ước vọng
`;
export const WEDDING_THREE = `
Loan phượng sum vầy, duyên thắm mãi
Cưới hỏi hôm nay tình vẹn ước
Chỉ thắm se duyên bền tháng tuổi
`;
export const MOURNING_ONE = `
Hôm nay {me} thắp nén hương lòng
Hôm nay {me} thắp hương lòng
{me} xin thắp nén hương lòng
`;
export const MOURNING_TWO = `
Xin sẻ {you} bao nỗi nhớ mong
Xin sẻ {you} nỗi nhớ mong
{you} vơi đi nỗi nhớ mong
Xin sẻ {you} đêm vắng não nùng
`;
export const MOURNING_THREE = `
Mây trắng về trời, sương khói tỏa
Tiếng hạc xa dần, hương khói quyện
Một nén tâm nhang tình nghĩa nặng
Cánh hạc bay về nơi cõi tịnh
`;
export const MOURNING_FOUR = `
Người đi thanh thản giữa thinh không
Nghìn thu yên nghỉ cõi mênh mông
Tình người còn mãi với non sông
Bình yên gửi lại cõi hư không
`;
