/**
 * The help of the main commands in Vietnamese, by its English text. Terms are those of the glossary in README.vi.md.
 * A key that ends with `…` is the beginning of a text whose rest (names, numbers) stays as it is.
 */
import { OF_MODELS } from './lang-vi-model.ts';

const OF_CORPORA: Readonly<Record<string, string>> = {
  // what commander says
  Usage: 'Cách dùng',
  Options: 'Tùy chọn chung',
  Arguments: 'Tham số',
  Commands: 'Các lệnh',
  'Examples:': 'Ví dụ:',
  required: 'bắt buộc',
  default: 'mặc định',
  'output the version number': 'in số phiên bản',
  'display help for command': 'hiện hướng dẫn của lệnh',

  // of every command
  'results as JSON lines on stdout, progress as JSON lines on stderr':
    'kết quả là các dòng JSON ở stdout, tiến độ là các dòng JSON ở stderr',
  'progress as JSON lines on stderr, as where that is no terminal':
    'tiến độ là các dòng JSON ở stderr, như khi không chạy trong terminal',
  'show stack traces': 'hiện vết ngăn xếp (stack trace) khi có lỗi',
  'language of --help: en, vi; default: that of the locale':
    'ngôn ngữ của --help: en, vi; nếu không nêu thì theo locale của máy',

  // vua --help
  'Vựa: build Vietnamese corpora, train a tokenizer, train a transformer on WebGPU':
    'Vựa: xây kho ngữ liệu tiếng Việt, huấn luyện bộ tách token và mô hình transformer trên WebGPU',
  'Start here:': 'Bắt đầu từ đây:',
  'the whole line on a bundled sample web: a few minutes, no GPU needed':
    'cả dây chuyền trên trang web mẫu kèm theo: vài phút, không cần GPU',
  'the same of your own pages, files and tables': 'cũng vậy, với trang web, tệp và bảng của bạn',
  'what was kept and dropped, and why': 'đã giữ gì, bỏ gì và vì sao',
  'the GPU that training would use': 'GPU sẽ dùng để huấn luyện',
  '`vua COMMAND --help` shows options and examples.': 'Gõ `vua LỆNH --help` để xem tùy chọn và ví dụ của từng lệnh.',
  'The whole line': 'Cả dây chuyền',
  Corpus: 'Kho ngữ liệu',
  Tokenizer: 'Bộ tách token',
  Trainer: 'Huấn luyện',
  'Look and check': 'Xem và kiểm tra',
  Elsewhere: 'Nơi khác',
  'copy a folder to an S3 bucket, and go on where it was stopped':
    'chép một thư mục lên bucket S3, dừng đâu chạy tiếp đó',
  'copy what lies in an S3 bucket into a folder, and go on where it was stopped':
    'chép nội dung một bucket S3 về thư mục, dừng đâu chạy tiếp đó',
  'This machine': 'Máy này',
  'the whole line: crawl or read, clean, shard, train tokenizer and model; only what is new':
    'cả dây chuyền: thu thập hoặc đọc tệp, làm sạch, chia mảnh, huấn luyện bộ tách token và mô hình; chỉ làm phần mới',
  'list the snapshots of a run, pin and unpin them': 'liệt kê các bản chụp (snapshot), ghim và bỏ ghim',
  'go back to the snapshot of an earlier night; the next night is made from it':
    'quay về bản chụp của một đêm trước; đêm sau sẽ làm tiếp từ đó',
  'remove old snapshots that nothing keeps, and what killed runs left':
    'xóa các bản chụp cũ không còn được giữ và phần dở dang của những lần chạy bị ngắt',
  'take texts down: out of every snapshot, the archive and the tokens; they do not come back':
    'gỡ hẳn văn bản khỏi mọi bản chụp, kho lưu trữ và token; chúng sẽ không quay lại',
  'bring a folder of an older version to this one; nothing is cleaned or encoded again':
    'nâng thư mục của phiên bản cũ lên phiên bản này, không phải làm sạch hay mã hóa lại',
  'what holds a night back, and whether it is published':
    'xem vì sao kết quả một đêm bị giữ lại, rồi quyết định có công bố hay không',
  'write a config with comments, the files that let systemd, cron, Airflow or Dagster run every night, or those of ranks under Slurm and Kubernetes':
    'ghi tệp cấu hình có chú thích, các tệp để systemd, cron, Airflow hay Dagster chạy hằng đêm, hoặc để nhiều tiến trình chạy chung dưới Slurm và Kubernetes',
  'fetch web pages into WARC files, politely, and go on where the last run ended':
    'tải trang web về tệp WARC một cách lịch sự, lần sau làm tiếp từ chỗ dừng',
  'hosts of a crawl, what became of their pages, how the last run ended and what remains':
    'các máy chủ đã thu thập, kết quả của từng trang, lần chạy trước kết thúc ra sao và còn lại gì',
  'take pages out of an archive (Common Crawl) by an index at hand, record by record':
    'lấy trang từ kho lưu trữ (Common Crawl) theo chỉ mục có sẵn, từng bản ghi một',
  'write documents for other programs: Parquet, JSON lines, a folder for datasets.load_from_disk':
    'xuất văn bản cho chương trình khác: Parquet, dòng JSON, thư mục cho datasets.load_from_disk',
  'write tokens, as they are, for other trainers: Megatron, datatrove, OLMo, MDS, LitData, llm.c, …':
    'xuất token nguyên vẹn cho trình huấn luyện khác: Megatron, datatrove, OLMo, MDS, LitData, llm.c, …',
  'take tokens that another engine wrote (Megatron, datatrove), as they are, with the tokenizer that made them':
    'nhận nguyên vẹn token do công cụ khác ghi (Megatron, datatrove), cùng bộ tách từ đã tạo ra chúng',
  'put together what ranks wrote, when all of it is there': 'ghép những phần các tiến trình đã ghi, khi đã đủ cả',
  'extract, normalise, filter and deduplicate pages into document shards':
    'trích nội dung, chuẩn hóa, lọc và khử trùng lặp, rồi ghi thành các mảnh văn bản',
  'every decision over one document: where it came from, what was repaired, measured, passed and failed':
    'mọi quyết định về một văn bản: nguồn gốc, chỗ đã sửa, số đo, qua hay trượt bộ lọc nào',
  'find documents by words, with and without diacritics, phrases, hosts, dates and measurements':
    'tìm văn bản theo từ (có dấu hay không dấu), cụm từ, máy chủ, ngày và số đo',
  'the text of a document or reject, and where it is from': 'nội dung và nguồn gốc của một văn bản, giữ lại hay đã bỏ',
  'where a text stands in the training tokens: exact counts, documents, and its longest stretches':
    'một đoạn chữ có ở đâu trong các token huấn luyện: số lần chính xác, văn bản nào, những đoạn trùng dài nhất',
  'words that a document holds, "…" for a phrase; without any every document; a folder may stand behind':
    'những từ mà văn bản có, "…" là một cụm; không có từ nào thì là mọi văn bản; thư mục có thể đứng sau',
  'folder of `vua run` or `vua clean`': 'thư mục của `vua run` hoặc `vua clean`',
  'among what was dropped': 'tìm trong những gì đã bỏ',
  'documents that hold any of the words, the best first': 'văn bản có một từ bất kỳ, khớp nhất đứng đầu',
  'of these hosts': 'thuộc những máy chủ này',
  'of these sources': 'thuộc những nguồn này',
  'dropped for these reasons': 'bị bỏ vì những lý do này',
  'near duplicates of this document': 'gần trùng với văn bản này',
  'published, else fetched, on this day or later': 'đăng (không rõ thì tải về) từ ngày này',
  'published, else fetched, before this day': 'đăng (không rõ thì tải về) trước ngày này',
  'ranges of measurements: NAME=LOW..HIGH': 'khoảng của số đo: TÊN=TỪ..ĐẾN',
  'a sample: in an order that follows from it': 'một mẫu: thứ tự suy ra từ hạt giống này',
  'hits that are shown': 'số kết quả hiện ra',
  'hits that are left out before them': 'số kết quả bỏ qua trước đó',
  'id or URL; a folder may stand behind it': 'id hoặc URL; thư mục có thể đứng sau',
  'the text; a folder or URL may stand behind it': 'đoạn chữ; thư mục hoặc URL có thể đứng sau',
  'a long text: its stretches that stand in documents are marked': 'một văn bản dài: đánh dấu những đoạn có trong kho',
  'folder of `vua run` or of tokens, or its URL': 'thư mục của `vua run` hoặc thư mục token, hoặc URL của nó',
  'documents that are shown': 'số văn bản hiện ra',
  'words of a stretch of a long text': 'số từ ít nhất của một đoạn trùng',
  'check every file, checksum and count of a folder': 'kiểm tra mọi tệp, checksum và số đếm của một thư mục',
  'show what a folder holds and what was dropped, by reason and source':
    'thư mục chứa những gì, đã loại những gì, theo lý do và theo nguồn',
  'what is between two nights or folders: added, removed, changed, drift of every measurement, hosts':
    'so sánh hai đêm hoặc hai thư mục: thêm, bớt, đổi, độ lệch của từng số đo, các máy chủ',

  // headings
  Input: 'Đầu vào',
  Crawl: 'Thu thập',
  Cleaning: 'Làm sạch',
  'Gates and operation': 'Cổng kiểm tra và vận hành',
  Output: 'Đầu ra',
  Where: 'Nơi thu thập',
  Manners: 'Cách ứng xử',
  Limits: 'Giới hạn',
  'Input and output': 'Đầu vào và đầu ra',
  Decisions: 'Quyết định',
  Work: 'Cách chạy',

  // run, crawl
  'files or folders: WARC, Parquet, JSON, CSV, text, HTML':
    'tệp hoặc thư mục: WARC, Parquet, JSON, CSV, văn bản thuần, HTML',
  'use the bundled sample web, served on this machine': 'dùng web mẫu đi kèm, phục vụ ngay trên máy này',
  'the last station of this run': 'chặng cuối cùng của lần chạy này',
  'name of the WARC files and source of the pages; default: crawl, and the host':
    'tên của các tệp WARC và tên nguồn của trang; mặc định: crawl, và tên máy chủ',
  'URL to start from; may be repeated, and left out to go on':
    'URL xuất phát; nêu được nhiều lần, bỏ trống để làm tiếp lần trước',
  'further host that links may lead to; may be repeated': 'máy chủ khác mà liên kết được dẫn tới; nêu được nhiều lần',
  'HOST/PATTERN, as in robots.txt: what links may lead to on that host, and nothing else there':
    'MÁY_CHỦ/MẪU, viết như trong robots.txt: trên máy chủ đó chỉ đi theo các liên kết khớp mẫu này',
  'HOST/PATTERN that links may not lead to': 'MÁY_CHỦ/MẪU mà liên kết không được dẫn tới',
  'a well-known source by its name: seeds, paths and what is known of its use; "list" tells of all':
    'một nguồn quen thuộc, gọi bằng tên: URL xuất phát, đường dẫn và điều đã biết về quyền sử dụng; "list" liệt kê tất cả',
  'host=address:port, where connections to a host go; may be repeated':
    'máy_chủ=địa_chỉ:cổng, nơi thực sự kết nối khi truy cập máy chủ đó; nêu được nhiều lần',
  'address or network (10.1.0.0/16) to connect to although it is private; may be repeated':
    'địa chỉ hoặc mạng (10.1.0.0/16) được phép kết nối dù là mạng riêng; nêu được nhiều lần',
  'name sent to servers and looked up in robots.txt': 'tên gửi cho máy chủ, cũng là tên được tra trong robots.txt',
  'mail address or URL that tells site owners whom to reach; needed for hosts outside this machine':
    'địa chỉ email hoặc URL để chủ trang biết liên hệ với ai; bắt buộc khi truy cập máy chủ bên ngoài',
  'hosts asked at the same time': 'số máy chủ được truy cập cùng lúc',
  'pause between requests to a host or IP address; Crawl-delay, slow answers, 429 and 503 lengthen it':
    'thời gian nghỉ giữa hai yêu cầu tới cùng một máy chủ hoặc địa chỉ IP; kéo dài thêm khi có Crawl-delay, khi máy chủ trả lời chậm, hoặc khi gặp 429, 503',
  'requests that start in a second; default: no limit over hosts':
    'số yêu cầu tối đa mỗi giây, tính chung mọi máy chủ; mặc định: không giới hạn',
  'pages to fetch in this run': 'số trang tải trong lần chạy này',
  'requests of this run, for whatever and whatever came of them; default: 100 + 4 × --max-pages':
    'tổng số yêu cầu của lần chạy này, bất kể để làm gì và kết quả ra sao; mặc định: 100 + 4 × --max-pages',
  'bytes received in this run; default: 256 MiB + 1 MiB × --max-pages':
    'số byte nhận về trong lần chạy này; mặc định: 256 MiB + 1 MiB × --max-pages',
  'no request later than this; default: no limit':
    'số phút, sau đó không gửi yêu cầu nào nữa; mặc định: không giới hạn',
  'requests to one host; default: as --max-requests, of several half':
    'số yêu cầu tới một máy chủ; mặc định: bằng --max-requests, nếu có nhiều máy chủ thì bằng một nửa',
  'bytes received from one host; default: as --max-total-bytes, of several half':
    'số byte nhận từ một máy chủ; mặc định: bằng --max-total-bytes, nếu có nhiều máy chủ thì bằng một nửa',
  'minutes of requests to one host; default: no limit': 'số phút gửi yêu cầu tới một máy chủ; mặc định: không giới hạn',
  'pages of a host that may be without Vietnamese text before it is left':
    'số trang không có tiếng Việt trước khi bỏ một máy chủ',
  'links from the nearest seed': 'số liên kết tối đa tính từ URL xuất phát gần nhất',
  'where a response is cut': 'câu trả lời dài quá số byte này thì bị cắt',
  'for a whole request': 'thời hạn cho trọn một yêu cầu',
  'the longest time until a page is asked for again: one that never changes comes to it by doubling, from a week; lists, and pages that change, are asked for sooner':
    'số giờ lâu nhất trước khi hỏi lại một trang: trang không hề đổi được giãn dần, gấp đôi mỗi lần từ một tuần; trang danh mục và trang hay đổi được hỏi lại sớm hơn',
  'folder for state.sqlite and warc/': 'thư mục chứa state.sqlite và warc/',
  'URL of which is said what a crawl would make of it; nothing is kept':
    'cho biết việc thu thập sẽ xử lý URL này thế nào; không lưu gì cả',

  // clean, explain, stats
  'names what the rows of --input belong to from night to night':
    'tên chung cho các dòng của --input, giữ nguyên từ đêm này sang đêm khác',
  'their path': 'đường dẫn của chúng',
  'field of rows that states consent: true, false, open, no-train, no-index or statements':
    'trường cho biết quyền sử dụng: true, false, open, no-train, no-index hoặc nguyên văn tuyên bố',
  'field of rows (JSON, CSV, Parquet) that is the text; nested ones by dots: metadata.text':
    'trường chứa văn bản trong mỗi dòng (JSON, CSV, Parquet); trường lồng nhau viết bằng dấu chấm: metadata.text',
  'field of rows that is their id': 'trường chứa id',
  'field of rows that is their address': 'trường chứa địa chỉ (URL)',
  'licence of rows that state none: CC-BY-SA-4.0': 'giấy phép cho các dòng không nêu giấy phép, chẳng hạn CC-BY-SA-4.0',
  'what follows from a statement about use, STATEMENT=no-train|no-index|open|unknown: noarchive=unknown':
    'hiểu một tuyên bố về quyền sử dụng ra sao, TUYÊN_BỐ=no-train|no-index|open|unknown, chẳng hạn noarchive=unknown',
  'files of ids and URLs, one a line, that are taken out and stay out':
    'tệp liệt kê id và URL, mỗi dòng một mục, bị đưa ra khỏi kho và không nhận lại',
  'nights after which documents leave whose page answers 404 or 410 or whose row is gone':
    'số đêm sau đó văn bản bị bỏ khi trang của nó trả 404, 410 hoặc dòng của nó đã mất',
  never: 'không bao giờ',
  'documents leave whose path robots.txt forbids later': 'bỏ văn bản khi về sau robots.txt cấm đường dẫn của nó',
  'they stay, marked': 'vẫn giữ, có đánh dấu',
  'thresholds of the filters: recommended, fineweb2, keep-all': 'bộ ngưỡng lọc: recommended, fineweb2, keep-all',
  'thresholds to move from where the preset has them: NAME=NUMBER': 'ngưỡng muốn đổi so với bộ ngưỡng có sẵn: TÊN=SỐ',
  'personal data that becomes tags: off, basic, strict': 'mức che dữ liệu cá nhân bằng thẻ: off, basic, strict',
  'style of the tone mark in words that are no names: keep, old, new; old is hòa, thủy, new is hoà, thuỷ':
    'kiểu đặt dấu thanh, trừ tên riêng: keep (giữ nguyên), old (hòa, thủy), new (hoà, thuỷ)',
  'keep, as each page writes; a folder goes on as it began':
    'keep, theo cách viết của từng trang; thư mục có sẵn giữ kiểu đã chọn',
  'paragraphs in other languages, and lines of residue, within a Vietnamese text: keep, or vietnamese, which takes them out':
    'đoạn tiếng nước ngoài và dòng rác trong văn bản tiếng Việt: keep (giữ) hoặc vietnamese (cắt bỏ)',
  'vietnamese with --preset recommended, else keep; a folder goes on as it began':
    'vietnamese khi dùng --preset recommended, còn lại keep; thư mục có sẵn giữ cách đã chọn',
  "near duplicates: bands x rows that propose pairs beside passages in common, @ the similarity that decides, measured on both texts. Share of pairs that the default's bands find, by their similarity: …":
    'gần trùng: số dải x số hàng để tìm cặp ứng viên (cùng với các đoạn giống nhau), @ độ giống nhau dùng để quyết định, đo trên chính hai văn bản. Tỷ lệ cặp mà các dải mặc định tìm ra, theo độ giống nhau: …',
  'which of several duplicates stays: given, the first; stable, the longest, so that the pages of a run give the same documents in any order':
    'giữ bản nào trong các bản trùng: given, bản gặp trước; stable, bản dài nhất, để thứ tự đầu vào không làm đổi kết quả',
  'given; a folder goes on as it began': 'given; thư mục có sẵn giữ cách đã chọn',
  'passages of 50 syllables and more that a kept document has said: keep, or cut, but from verse, code and law':
    'đoạn từ 50 âm tiết trở lên đã có trong một văn bản được giữ: keep (giữ) hoặc cut (cắt, trừ thơ, mã nguồn và luật)',
  'cut, with --preset keep-all keep; a folder goes on as it began':
    'cut, với --preset keep-all là keep; thư mục có sẵn giữ cách đã chọn',
  'benchmark items (VMLU JSONL): documents that hold one are flagged, not dropped':
    'câu hỏi của bộ đánh giá (VMLU JSONL): văn bản chứa chúng được đánh dấu chứ không bị loại',
  'measure documents that were cleaned before by a scorer; texts and verdicts stay as they are':
    'đo lại các văn bản đã làm sạch bằng bộ chấm điểm; nội dung và quyết định giữ nguyên',
  'files of `vua quality train`: what they say of each text becomes measurements, which decide nothing unless a --threshold asks':
    'các tệp của `vua quality train`: nhận định của chúng về từng văn bản thành số đo, không loại gì trừ khi có --threshold',
  'threads that read pages': 'số luồng đọc trang',
  'one for each core': 'mỗi nhân một luồng',
  'a shard ends with the document that reaches this many bytes': 'mảnh kết thúc ở văn bản làm nó đạt số byte này',
  'files and folders to read: …': 'tệp và thư mục cần đọc: …',
  'folder of document shards to write or to add to': 'thư mục chứa mảnh văn bản, tạo mới hoặc ghi thêm',
  'count what would change with these thresholds, from the measurements stored in --out; changes nothing':
    'đếm xem có gì thay đổi với các ngưỡng này, dựa trên số đo đã lưu trong --out; không sửa gì',
  'id or URL of a kept or dropped document; without one: what follows from what publishers say about use':
    'id hoặc URL của văn bản được giữ hay bị loại; bỏ trống: bảng diễn giải các tuyên bố của chủ trang',
  'folder of documents': 'thư mục chứa văn bản',
  'files and folders that hold its page: shows as well what extraction left out of it':
    'tệp và thư mục chứa trang gốc: hiện thêm những phần bị bỏ khi trích nội dung',
  'rows of the table, as `vua clean` was given them': 'các dòng của bảng diễn giải, như đã nêu cho `vua clean`',
  'folders of documents, of tokens, or of a whole run; of several the sum':
    'thư mục văn bản, thư mục token, hoặc thư mục của cả lần chạy; nhiều thư mục thì cộng lại',
  'every day, host and measurement': 'đầy đủ từng ngày, từng máy chủ và từng số đo',

  // the night
  'how far a night may be from the last 7 before it is held back: NAME=NUMBER, NAME.first=NUMBER, NAME=off; …':
    'một đêm được lệch bao nhiêu so với 7 đêm trước rồi mới bị giữ lại: TÊN=SỐ, TÊN.first=SỐ, TÊN=off; …',
  'write nothing: say pages, bytes and minutes, from the last nights':
    'không ghi gì: ước lượng số trang, số byte và số phút dựa trên các đêm trước',
  'minutes to wait for a folder in which another run works': 'số phút chờ khi một lần chạy khác đang dùng thư mục',
  'nights in which every file of documents and tokens is read back once, a part each night; 0: none':
    'trong chừng này đêm, mọi tệp văn bản và token được đọc lại một lượt để kiểm tra, mỗi đêm một phần; 0: không đọc lại',
  'file for Prometheus (textfile collector), replaced whole at the end':
    'tệp số liệu cho Prometheus (textfile collector), được thay trọn vẹn khi chạy xong',
  'port of this machine that answers /metrics during the run': 'cổng trên máy này trả lời /metrics trong lúc chạy',
  'address that gets a POST, or command that gets JSON on its stdin, when a night fails or is held':
    'địa chỉ nhận POST, hoặc lệnh nhận JSON qua stdin, khi một đêm thất bại hoặc bị giữ lại',
  'what the trained model continues at the end': 'câu mở đầu để mô hình viết tiếp khi huấn luyện xong',
  'folder of the run': 'thư mục của lần chạy',
  'nights whose documents and tokens stay, beside pinned ones and what the model in force was trained on':
    'số đêm được giữ lại văn bản và token, ngoài những đêm đã ghim và đêm mà mô hình hiện hành dựa vào',
  'exit status when there is nothing new': 'mã thoát khi không có gì mới',
  'JSON file with these options': 'tệp JSON chứa các tùy chọn này',
  'vua.config.json or vua.config.jsonc where there is one': 'vua.config.json hoặc vua.config.jsonc nếu có',
  'write nothing: print the options in force as a config file':
    'không ghi gì: in các tùy chọn đang có hiệu lực dưới dạng tệp cấu hình',
};

/** Vietnamese by English. */
export const VIETNAMESE: Readonly<Record<string, string>> = { ...OF_CORPORA, ...OF_MODELS };

/** Beginnings of texts: what follows the `…` stays. */
const BEGINNINGS = Object.entries(VIETNAMESE)
  .filter(([english]) => english.endsWith('…'))
  .map(([english, vietnamese]) => [english.slice(0, -1), vietnamese.slice(0, -1)] as const);

/** A text of --help in Vietnamese: whole, without the colon of a heading or the default behind it; else as it is. */
export function inVietnamese(english: string): string {
  const whole = VIETNAMESE[english];
  if (whole !== undefined) return whole;
  const [, title] = /^(.+):$/.exec(english) ?? [];
  if (title !== undefined) return `${inVietnamese(title)}:`;
  const [, text, standard] = /^(.*?) \(default: (.*)\)$/s.exec(english) ?? [];
  if (text !== undefined) return `${inVietnamese(text)} (mặc định: ${standardInVietnamese(standard)})`;
  const begun = BEGINNINGS.find(([beginning]) => english.startsWith(beginning));
  return begun === undefined ? english : `${begun[1]}${english.slice(begun[0].length)}`;
}

const standardInVietnamese = (standard: string): string =>
  VIETNAMESE[standard] ?? standard.replace('; with --sample: ', '; với --sample: ');
