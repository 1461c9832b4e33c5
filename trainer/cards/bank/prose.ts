/** Sentences of greetings in prose. `{me}`, `{you}` stand for pronouns, `{Me}`, `{You}` where a sentence begins. */

/** To whom one looks up; to all others. */
export const GREETING_UP = `
Kính gửi {you},
{You} kính mến,
{You} kính yêu,
`;
export const GREETING = `
{You} thương mến,
{You} yêu quý,
Gửi {you} thân thương,
`;
export const GLAD = `
{Me} chúc {you} luôn mạnh khỏe, bình an và gặp nhiều niềm vui.
{Me} mong mỗi ngày của {you} đều có một điều đáng để mỉm cười.
Mong mọi việc của {you} được thuận lợi, gia đình luôn đầm ấm.
Cảm ơn {you} vì những yêu thương đã dành cho {me} suốt thời gian qua.
Dù ở gần hay ở xa, {me} vẫn luôn nghĩ về {you}.
Những điều tốt đẹp {you} đã dành cho mọi người, {me} vẫn nhớ và trân trọng.
Mong những điều tốt đẹp nhất sẽ đến với {you} và những người {you} yêu thương.
{Me} gửi {you} một chút nắng, một chút gió lành và thật nhiều yêu thương.
Chỉ cần {you} vui, {me} cũng thấy lòng ấm lại.
`;
export const CLOSING = `
Với tất cả yêu thương, {me} gửi {you} lời chúc này.
{Me} gửi {you} thật nhiều tình cảm.
{Me} thương {you} nhiều hơn lời nói.
`;
export const CLOSING_UP = `
{Me} kính chúc {you} mọi điều tốt lành.
Với lòng biết ơn, {me} kính gửi {you} lời chúc này.
{Me} xin gửi tới {you} lời chúc chân thành nhất.
`;
export const TET = `
Năm mới {year} đã về, {me} chúc {you} một năm an khang thịnh vượng.
Xuân {year} đang gõ cửa, {me} mong {you} đón tết thật đầm ấm bên gia đình.
Giữa mùi bánh chưng và sắc đào ngày tết, {me} lại thấy nhớ {you} thật nhiều.
Chúc {you} năm {year} dồi dào sức khỏe, mọi việc hanh thông.
Năm cũ khép lại, năm mới mở ra, mong {you} giữ mãi nụ cười đầu xuân.
`;
export const WOMEN_3 = `
Nhân ngày mồng tám tháng ba, {me} chúc {you} luôn tươi trẻ và được yêu thương.
Ngày mồng tám tháng ba, {me} gửi {you} một bó hoa và lời cảm ơn chân thành.
Mong {you} không chỉ hôm nay mà mỗi ngày đều được nâng niu, trân trọng.
Sau bao vất vả lo toan, mong {you} có một ngày thật thảnh thơi.
`;
export const WOMEN_10 = `
Nhân ngày Phụ nữ Việt Nam hai mươi tháng mười, {me} chúc {you} luôn rạng rỡ và hạnh phúc.
Ngày hai mươi tháng mười, {me} gửi {you} một bông hồng và muôn lời thương mến.
Mong {you} mãi giữ nụ cười hiền và trái tim ấm áp.
Mọi vất vả của {you}, {me} đều nhìn thấy và biết ơn.
`;
export const TEACHERS = `
Nhân ngày Nhà giáo Việt Nam hai mươi tháng mười một, {me} xin gửi {you} lời tri ân sâu sắc.
Ngày Nhà giáo về, {me} lại nhớ những trang giáo án và ánh đèn khuya của {you}.
Những bài học {you} dạy đã theo {me} đi qua bao chặng đường.
Ơn dạy dỗ của {you}, {me} xin ghi nhớ suốt đời.
`;
export const MOON = `
Trung thu đã về, {me} chúc {you} một đêm trăng rằm thật vui.
Trăng tháng tám tròn và sáng, {me} mong {you} luôn được sum vầy bên những người thân yêu.
Mong Trung thu này của {you} có bánh thơm, có trà ấm và thật nhiều tiếng cười.
Nhìn trăng đêm nay, {me} lại nhớ những mùa Trung thu bên {you}.
`;
export const BIRTHDAY = `
Chúc mừng sinh nhật {you}, chúc tuổi mới thật nhiều niềm vui.
Sinh nhật năm nay, {me} mong {you} luôn khỏe mạnh và được làm những điều yêu thích.
Ngày sinh nhật của {you} cũng là ngày {me} thấy biết ơn vì có {you} trong đời.
Thêm một tuổi mới, mong {you} thêm bình an và thêm nhiều yêu thương.
`;
export const WEDDING = `
Mừng ngày cưới của {you}, {me} chúc trăm năm hạnh phúc.
Ngày cưới hôm nay, {me} thật vui khi thấy {you} nắm tay người thương bước vào đời sống mới.
Mong tổ ấm của {you} lúc nào cũng đầy ắp tiếng cười.
Chúc {you} mãi yêu thương, nhường nhịn và cùng nhau đi hết chặng đường dài.
`;
export const MOURNING = `
{Me} xin chia buồn cùng {you} và gia đình trước mất mát này.
Nghe tin buồn, {me} vô cùng thương tiếc và xin chia sẻ cùng {you}.
Xin được chia buồn cùng {you}, cầu mong người đã khuất được yên nghỉ.
`;
export const MOURNING_MORE = `
Mong {you} giữ gìn sức khỏe và vững lòng trong những ngày này.
Những kỷ niệm đẹp về người đã khuất sẽ còn mãi trong lòng mọi người.
{Me} luôn ở bên, lúc nào {you} cần xin hãy cho {me} biết.
Mong thời gian sẽ làm dịu bớt nỗi đau của {you}.
Xin thắp một nén hương lòng tưởng nhớ người đã đi xa.
Cầu mong hương linh người đã khuất sớm về cõi an lành.
`;
export const MOURNING_CLOSING = `
{Me} xin gửi tới {you} lời chia sẻ chân thành.
{Me} thành kính phân ưu cùng {you}.
{Me} xin cúi đầu tưởng nhớ và nguyện cầu cho {you} được bình tâm.
`;
