/**
 * Sentences with personal data of every kind, marked `{{kind:what is to be found}}`, and sentences in which nothing is to
 * be found. All people, numbers and addresses are made up.
 */
import type { PersonalKind } from '../../cleaning/document.ts';

const MARKED = `
phone
Anh cần mua thì gọi {{phone:0912345678}} gặp chị Lành.
Liên hệ: {{phone:0987 654 321}} (Zalo), hàng có sẵn tại nhà.
Số của tôi là {{phone:098.765.4321}}, gọi sau sáu giờ chiều nhé.
Alo {{phone:0355-123-456}} để giữ chỗ.
SĐT: {{phone:+84 912 345 678}}
Gọi {{phone:+84912345678}} hoặc nhắn tin, tôi trả lời ngay.
Từ nước ngoài xin quay {{phone:(+84) 933 221 100}}.
Máy của cô Tư: {{phone:84 909 112 233}}
Ai nhặt được ví xin gọi {{phone:0703 456 789}}, hậu tạ.
Hai số {{phone:0868123456}}, {{phone:0793 112 358}} đều gặp em Nhàn.
Chủ nhà ({{phone:0567890123}}) cho xem phòng buổi sáng.
Zalo {{phone:0339 88 77 66}} nhé.
Hotline riêng của anh: {{phone:091 234 5678}}.
Điện thoại {{phone:0968.12.34.56}}
"{{phone:0945678901}}" là số mới của bà.
Gọi {{phone:0 912 345 678}} cũng được.
Anh Sáu {{phone:0384-55-66-77}}, chị Bảy {{phone:0589 123 123}}
Liên lạc: {{phone:0084 912 345 678}}
Đăng ký qua {{phone:0777.123.456}}!
Tư vấn {{phone:0812 345 679}}; giao tận nơi.
Hai máy {{phone:0912345671}}/{{phone:0987654322}} đều được.
ĐT:{{phone:0912.345.672}} - {{phone:0987.654.323}}
Số {{phone:09 1234 5679}} hoặc {{phone:0912345673}} {{phone:0939345674}}
Gọi {{phone:0912345674}}-{{phone:0987654325}}, lúc nào cũng có người
ĐT {{phone:098.765.4326}}-{{phone:0912.345.675}}
SĐT: {{phone:0962 345 678}} 2. Ủng hộ qua tổ dân phố
Hotline {{phone:0912345676}} 8h-17h
hẻm 45 Tô Hiến Thành, Q.10 {{phone:0912 345 679}}
Gặp cô Út: {{phone:(094) 345 6789}}
Số cũ {{phone:0163 456 7890}}, nay đã đổi
Máy anh Tám {{phone:01234567890}} hoặc {{phone:+84 168 345 6789}}
Gọi {{phone:0912–345–680}}, {{phone:0912 - 345 - 681}}, {{phone:0912\u2011345\u2011682}}
Nhắn {{phone:0912. 345. 683}} hay {{phone:0912/345/684}} hay {{phone:0912\u2212345\u2212685}}
{{phone:(0912) 345 686}} và {{phone:+84–912–345–687}}
SĐT{{phone:0912345688}},{{phone:0912345689}}
https://zalo.me/{{phone:0912345690}} là Zalo {{phone:0912345691}}
Điện thoại:\u00a0{{phone:0912\u00a0345\u00a0692}}
+phone
Tòa soạn: {{phone:(028) 3822 1234}}, giờ hành chính.
Điện thoại bàn {{phone:024.3825.1234}}
Gọi {{phone:0236 3822 123}} gặp phòng văn thư.
Fax: {{phone:0292-3831-234}}
Tel: {{phone:+84 28 3822 5678}}
Trạm y tế xã: {{phone:02923 831 234}}
Số của năm 2014: {{phone:(08) 3822 1234}} và {{phone:04.38251234}}
Fax {{phone:0511 3822 123}}, tòa soạn cũ {{phone:(84-8) 3822 5678}}
email
Thư gửi về {{email:lanh.nguyen@example.com}} trước thứ sáu.
Email: {{email:tu_lai_do@bao-xom.vn}}
Bạn viết cho {{email:chi.ba+tin@mail.example.com.vn}} nhé.
Liên hệ {{email:ongtu(a)example.com}} hoặc ghé nhà.
Gửi bài: {{email:goc.van (at) example.org}}
Hộp thư {{email:banbientap[at]example.net}}
{{email:A.B.C99@example.edu.vn}} là địa chỉ cũ.
("{{email:xom.moi@example.info}}")
Ai quan tâm: {{email:hop-tac-xa@htx.example.vn}}, trả lời trong ngày.
thư: {{email:long_2024@example.com}};
Mail {{email:ngo.thi.be@example.com}}.
Viết cho {{email:ong.lai[at]example[dot]com}} nhé
Thư: {{email:bensong (at) example (dot) com}}
Góp ý xin về {{email:bandoc@example.vn}}!
Thư cho {{email:lanh@tiệmsách.vn}}, {{email:ba@xn--tim-nha.vn}} và {{email:tu@例え.jp}}
Hòm thư {{email:gánh.hát@xóm-nhỏ.com.vn}}.Tôi mở mỗi tối
citizen_id
Căn cước công dân số {{citizen_id:079085012345}} cấp năm 2021.
CCCD: {{citizen_id:001 203 004 567}}
Ông mang thẻ {{citizen_id:036190007788}}, ngụ ấp Ba.
Số định danh cá nhân {{citizen_id:092301001234}}.
CCCD {{citizen_id:048099 không}}
bà Sáu, CCCD số {{citizen_id:087155009876}}, do Cục cảnh sát cấp
{{citizen_id:024 185 001 122}} là số của người bán.
Căn cước: {{citizen_id:0720 8501 2345}}
số căn cước {{citizen_id:060207001111}}, ngày sinh ghi trên thẻ.
người làm chứng ({{citizen_id:030172004455}})
Mã định danh {{citizen_id:096315000021}} của cháu
Chủ hộ: CCCD {{citizen_id:017066003214}}.
identity_card
CMND số {{identity_card:023456789}} do Công an tỉnh cấp.
Chứng minh nhân dân: {{identity_card:212 345 678}}
số CMND của ông là {{identity_card:361234567}}.
CMTND {{identity_card:012.345.678}} cấp ngày mùng ba
Giấy chứng minh nhân dân số: {{identity_card:201567890}}
CMT: {{identity_card:145678901}}, nơi cấp ghi ở mặt sau
có chứng minh thư {{identity_card:331234568}} mang theo
CMND/CCCD: {{identity_card:273456780}}
Số chứng minh nhân dân là {{identity_card:024567891}};
(CMND {{identity_card:362345671}})
passport
Hộ chiếu số {{passport:B1234567}} còn hạn.
passport {{passport:C7654321}} cấp tại lãnh sự
Số hộ chiếu: {{passport:P0012345}}
hộ chiếu phổ thông {{passport:N2345678}}.
Passport No. {{passport:K1234560}}
mang hộ chiếu {{passport:B7654312}} qua cửa khẩu
Hộ chiếu công vụ số {{passport:E0000123}}
(hộ chiếu {{passport:C0123456}})
Hộ chiếu: {{passport:B2223334}}, quốc tịch Việt Nam
HC số {{passport:C5556667}}
social_insurance
Mã số BHXH: {{social_insurance:7912345678}}
Sổ bảo hiểm xã hội số {{social_insurance:0113456789}}.
Thẻ BHYT {{social_insurance:GD4797912345678}} dùng ở trạm xá.
bảo hiểm y tế mã {{social_insurance:HC4 01 3112345678}}
BHXH {{social_insurance:3620012345}}, nộp từ năm ngoái
Số sổ BHXH của chị là {{social_insurance:8015123456}}
Mã thẻ BHYT: {{social_insurance:DN4919123456789}}
mã số bảo hiểm xã hội {{social_insurance:9612345670}}
thẻ bảo hiểm y tế số {{social_insurance:TE1797900012345}}
BHXH số: {{social_insurance:5212345671}};
bank_account
Số tài khoản {{bank_account:0071000123456}} Vietcombank, chủ tài khoản Nguyễn Thị Lành.
STK: {{bank_account:19034567890123}} Techcombank
Chuyển vào tài khoản {{bank_account:6511 2233 4455}} giúp em.
TK: {{bank_account:123456789012}} - Agribank chi nhánh Cái Bè
stk {{bank_account:0912345678999}} mb bank
Tài khoản ngân hàng BIDV: {{bank_account:21510001234567}}
tài khoản số {{bank_account:711A không}}
Số TK {{bank_account:060-123-456-789}} Sacombank
tài khoản nhận: {{bank_account:104000123456}}
Ủng hộ qua STK Vietinbank {{bank_account:107 8866 5544}}
tài khoản cá nhân {{bank_account:9704366812345678}}.
Số tài khoản: {{bank_account:55667788}} (ACB)
Tiền cọc xin chuyển khoản vào {{bank_account:19031234567890}} trước thứ sáu.
chuyển khoản qua số {{bank_account:0071000654321}} (chị Lành)
STK {{bank_account:0071000123457}} 24/7
Số tài khoản {{bank_account:6511 2233 4466}} 24/7, Agribank
STK: {{bank_account:060.100.234.567}}
Tài khoản {{bank_account:711A không}} và tài khoản Agribank {{bank_account:6511223344556}}
+tax_code
Mã số thuế: {{tax_code:0302345674}}
MST {{tax_code:0100109106}} ghi trên hóa đơn.
Mã số thuế cá nhân {{tax_code:8012345677}}
MST: {{tax_code:0302345674-001}}
mã số doanh nghiệp {{tax_code:0300588569}} cấp lần đầu
Tax code: {{tax_code:0100109106}}
(MST: {{tax_code:0300588569}})
mã số thuế là {{tax_code:8012345677}};
MST {{tax_code:01 001 091 06}}
Mã số thuế {{tax_code:0300588569}}, do chi cục cấp
+plate
Xe mang biển {{plate:59A-123.45}} đậu trước nhà.
biển số {{plate:30F1-234.56}}
xe tải {{plate:63C-08812}} chở lúa
BKS {{plate:51H 67890}} chạy quá tốc độ
Chiếc {{plate:71-B1 345.67}} của anh Sáu
biển kiểm soát {{plate:29-M1 234.56}}
BS: {{plate:65F-1234}}
xe máy {{plate:66-S2 012.34}} bị mất
Xe khách {{plate:84B-001.23}}.
{{plate:50LD-123.45}} là xe của công ty
ip
Máy chủ {{ip:203.162.4.191}} không trả lời.
đăng nhập từ {{ip:113.160.225.10}} lúc nửa đêm
IP: {{ip:118.69.176.5}}
(địa chỉ {{ip:171.244.10.20}})
{{ip:14.225.201.7}} quét cổng suốt đêm
từ {{ip:210.245.31.130}} tới máy trong nhà
IP {{ip:123.30.215.27}}, đã chặn
{{ip:27.72.100.200}}
địa chỉ là {{ip:42.112.34.156}}.
ping {{ip:103.9.196.77}} thử xem
Máy chủ {{ip:118.236.115.250}} chạy ở cổng 8080
Mở {{ip:14.161.200.105}}:8080 hay http://{{ip:14.161.200.106}}/ đều được
Dải {{ip:203.162.4.0}}/24, DNS {{ip:203.113.131.100}}
IPv6 {{ip:2405:4800:102:1::3}} và {{ip:2001:ee0:4f2b:8a10:1c2d:3e4f:5a6b:7c8d}}
`;

/** Prices, laws, news, sport, science, lists: nothing here is personal. */
export const CLEAN = `
Giá gạo 18.500 đồng/kg, nếp 22.000 đồng/kg, đường 25.500 đồng/kg.
Máy bơm 3 HP: 4.850.000 đ; dây điện 2x2.5: 1.250.000 đ/cuộn 100 m.
iPhone 15 Pro Max 256GB giá 29.990.000đ, giảm còn 27.490.000đ.
Bảng giá: 1. Cà phê đen 15.000 2. Cà phê sữa 20.000 3. Trà đá 5.000
Tổng mức đầu tư 84.912.345.678 đồng, trong đó ngân sách 35 tỷ đồng.
Doanh thu đạt 0,912345678 nghìn tỷ, tăng 9,87% so với cùng kỳ.
Nghị định số 13/2023/NĐ-CP ngày 17/4/2023 của Chính phủ.
Luật số 91/2025/QH15 có hiệu lực từ ngày 01/01/2026.
Căn cứ Luật Tổ chức chính quyền địa phương ngày 19 tháng 6 năm 2015;
Công văn 1234/BTC-TCT ngày 05/02/2024 hướng dẫn quyết toán thuế.
Quyết định số 2083/QĐ-UBND ngày 01 tháng 12 năm 2016.
Điều 12. Khoản 3 và điểm a, b, c khoản 4 Điều 35 được sửa đổi như sau:
Thông tư 200/2014/TT-BTC, tài khoản 131, 331, 511 và 6421.
Hạch toán Nợ tài khoản 112, Có tài khoản 5111 số tiền 120.000.000 đồng.
Số dư tài khoản 15.000.000 đồng, phí 11.000 đồng mỗi tháng.
Mức đóng BHXH bằng 25,5% tiền lương, mức lương cơ sở 2.340.000 đồng.
Luật Bảo hiểm xã hội số 41/2024/QH15 gồm 11 chương, 141 điều.
Trận đấu kết thúc với tỷ số 3-2, khán giả 12.345 người.
Lịch thi đấu: 19h30 ngày 05/06/2024, sân Mỹ Đình; 20h00 ngày 09/06/2024.
Kết quả xổ số: giải đặc biệt 123456, giải nhất 98765.
Vietlott 6/55: 03 12 27 35 41 52, giải thưởng 35.123.456.789 đồng.
Dân số năm 2019 là 96.208.984 người, mật độ 290 người/km².
Từ năm 1945 đến 1975, rồi 1986, 1995 và 2007.
Tọa độ 10.762622, 106.660172; độ cao 19 m.
Phương trình x² + 0.912345678x = 0 có hai nghiệm.
Số pi là 3,14159265358979 và căn hai là 1,41421356.
ISBN 978-604-1-23456-7, khổ 13 x 20,5 cm, 320 trang.
Biểu tượng logo@2x.png và anh-bia@3x.jpg nằm trong thư mục ảnh.
Chạy lệnh git clone git@example.com:xom/ben-do.git rồi dựng lại.
Hạch toán vào tài khoản 33311234 và tài khoản 13681122 của chi nhánh.
Chuyển khoản 150000000 đồng trong tháng, chuyển khoản qua 3 ngân hàng.
Nhà xuất bản Xóm, ISBN-10: 0912345678, ISBN (bìa mềm) 0 387 98746 0 và ISBN: 0356123457.
ISBN 0-879-69684-2, ISBN 0387987460 và ISBN: 0-8264-7095-5.
Xem http://vua.test/introduction-07982276-54e8-4e17 để biết thêm.
Mã vạch 8934563138165, hạn dùng 12 tháng.
Đơn hàng DH20240612001 giao ngày 12/06/2024.
Phiên bản 2.10.3.14 sửa lỗi của bản 2.10.3.12.
Mục 1.2.3.4 nói về cách tính, xem hình 3.1.2.
Địa chỉ 192.168.1.10 và 10.0.0.5 chỉ dùng trong nhà.
Mặt nạ mạng 255.255.255.0, cổng 8080.
Tổng đài 1900 1234 và 1800 5678 hoạt động 24/7.
Khẩn cấp gọi 113, 114, 115; bảo vệ trẻ em 111.
Chuyến bay VN0912 cất cánh lúc 09:12, hạ cánh 11:30.
Chiều dài 0912 mét, rộng 34,5 mét, diện tích 31.464 m².
Lô đất thửa số 345, tờ bản đồ số 12, diện tích 1.250 m².
Giấy phép số 12/GP-BTTTT cấp ngày 05/01/2020.
Theo bảng 4.2, tỷ lệ là 12,5%, 33,3% và 54,2%.
Quốc lộ 1A, đoạn km 1987+500 đến km 2001+250.
Cao độ +3,45 m; mực nước 1,23 m; lưu lượng 1.234 m³/s.
Bộ số 03 52 27 35 41 12 và 05 09 12 34 56 78 ra hôm qua.
Giải thưởng 1.000.000.000 đồng được trao ngày 20-11-2023.
Điểm chuẩn: 27,25; 26,50; 25,75 và 24,00.
Nhiệt độ 35,5 °C, độ ẩm 78%, áp suất 1012 hPa.
Mã môn INT1234, 3 tín chỉ, 45 tiết.
Viết cho chúng tôi (a) trước ngày 5, (b) kèm ảnh, (c) ghi rõ tên.
Hẹn gặp lúc 7h @ quán cũ nhé.
Trang vua.test/bai-viet/0912 nói về việc ấy.
Câu 12: Số nào sau đây chia hết cho 9? A. 123456780 B. 987654321
Tỷ giá 24.567 đồng/USD, vàng 89.500.000 đồng/lượng.
Vốn điều lệ 1.234.567.890 đồng; mã chứng khoán VCB, giá 91.200.
Ca nhiễm: 11.624.114, khỏi: 10.640.971, tử vong: 43.206.
Tàu SE3 rời ga lúc 19:25, đến nơi lúc 05:00 hôm sau.
Xe 29 chỗ, 45 chỗ; biển báo P.127 hạn chế tốc độ 50 km/h.
Đường 30/4, ngõ 12, số nhà 345/67/89.
Thứ hai, 12/5/2025, 07:30 (GMT+7)
Số báo 1234 (5678), ra ngày 10-10-1998.
Hộ chiếu vắc xin được công nhận ở 85 quốc gia.
Công ty có mã số thuế từ năm 2003 và 1.200 lao động.
Chứng minh nhân dân hết hạn sau 15 năm kể từ ngày cấp.
Tài khoản Facebook ấy có 123.456.789 lượt theo dõi.
Tài khoản ấy có 123 456 789 lượt theo dõi.
Giá xe là 1.236.000.000 đồng, giá lăn bánh 1.236.115.250 đ.
Vốn đầu tư: 12.250.113.200; quyết toán 118.236.115.250
Nhà máy nộp ngân sách 14.161.200.105 đồng mỗi quý.
Hết 1.236.115.250, lãi 11.062.005.120.
Bản cập nhật 115.0.120.200 và phiên bản 103.120.115.7
Lô hàng 08/12/2012 - 09/01/2013 và 03.12.2012 - 05.01.2013.
Số lượt truy cập: 1.118.236.115
Mốc 07:30 - 09:30, 08 giờ 12 phút 34 giây, ngày 03 12 2012 35
std::map::at ném lỗi ở dòng 2001::12, giờ 20:01:15:30
Mã đơn hàng 0912345678 và mã số hồ sơ 0356789012
`
  .trim()
  .split('\n');

export interface Fixture {
  readonly level: 'basic' | 'strict';
  readonly marked: string;
  /** Without its marks. */
  readonly text: string;
  readonly expected: readonly { readonly kind: PersonalKind; readonly found: string }[];
}

const MARK = /\{\{(\w+):([^}]*)\}\}/g;

/** Lines whose mark ends in a word (`không`) hold what looks like the kind and is not. */
export const FIXTURES: readonly Fixture[] = readFixtures();

function readFixtures(): Fixture[] {
  let level: Fixture['level'] = 'basic';
  const fixtures: Fixture[] = [];
  for (const line of MARKED.trim().split('\n')) {
    if (/^\+?[a-z_]+$/.test(line)) {
      level = line.startsWith('+') ? 'strict' : 'basic';
      continue;
    }
    const expected = [...line.matchAll(MARK)]
      .map(([, kind, found]) => ({ kind: kind as PersonalKind, found: found! }))
      .filter(({ found }) => !found.endsWith(' không'));
    fixtures.push({ level, marked: line, text: line.replace(MARK, '$2'), expected });
  }
  return fixtures;
}
