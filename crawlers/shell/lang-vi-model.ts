/** The part of lang-vi.ts that is of tokenizers and models. */
export const OF_MODELS: Readonly<Record<string, string>> = {
  // vua --help
  'train a byte-level BPE tokenizer for Vietnamese': 'huấn luyện bộ tách token BPE mức byte cho tiếng Việt',
  'add Vietnamese tokens to a tokenizer of others; its ids stay':
    'thêm token tiếng Việt vào bộ tách token của người khác; các id cũ giữ nguyên',
  'text to token ids': 'văn bản thành mã token',
  'token ids to text': 'mã token thành văn bản',
  'bytes per token by source and by register, syllables and round trips, beside other tokenizers':
    'số byte mỗi token theo nguồn và theo lối viết, số âm tiết và khả năng khôi phục nguyên văn, đặt cạnh các bộ tách token khác',
  'show how a text is cut into tokens, in colour': 'tô màu cách một văn bản được tách thành token',
  'encode document shards into token shards, split into train and valid':
    'mã hóa mảnh văn bản thành mảnh token, chia phần huấn luyện và phần kiểm định',
  'what a training run would need: tokens, epochs, arithmetic, time, memory':
    'một lần huấn luyện sẽ cần gì: số token, số lượt, khối lượng tính toán, thời gian, bộ nhớ',
  'a short sweep of learning rates on your tokens, with a suggestion for `vua train --learning-rate`':
    'thử nhanh nhiều tốc độ học trên token của bạn và gợi ý giá trị cho `vua train --learning-rate`',
  'arms of a training recipe beside each other: equal FLOPs, rates, seeds, intervals, and what the design sees':
    'so sánh các biến thể của một công thức huấn luyện: cùng FLOPs, tốc độ học, hạt giống, khoảng tin cậy và mức chênh lệch nhìn thấy được',
  'make a scorer: which text a model of good text reads better than one of all text, and what kind a text is':
    'tạo bộ chấm điểm: văn bản nào mô hình học từ văn bản tốt đọc giỏi hơn mô hình học từ mọi văn bản, và văn bản thuộc loại gì',
  'documents that `vua clean --flag` flagged: keep them, or leave them out':
    'văn bản bị `vua clean --flag` đánh dấu: giữ lại, hoặc bỏ ra',
  'BPE dropout: chance with which each merge is left out of training text (0.1, say); held-out text has none':
    'BPE dropout: xác suất bỏ qua mỗi phép gộp trong văn bản huấn luyện (ví dụ 0.1); văn bản kiểm tra thì không',
  'with --dropout: another seed leaves out others': 'với --dropout: hạt giống khác bỏ qua những phép gộp khác',
  'train a transformer on token shards, on WebGPU': 'huấn luyện transformer trên các mảnh token bằng WebGPU',
  'write text with a trained model': 'viết văn bản bằng mô hình đã huấn luyện',
  'what a model knows: questions that make themselves, and benchmarks that you bring':
    'mô hình biết gì: câu hỏi tự sinh ra, và bộ đánh giá do bạn đem đến',
  'two models beside each other, question by question; refused where they were not measured alike':
    'hai mô hình cạnh nhau, từng câu hỏi một; từ chối khi không được đo như nhau',
  'answers to VMLU from anywhere (a CSV of id and answer) against the right ones':
    'chấm câu trả lời VMLU từ bất cứ đâu (tệp CSV gồm id và answer)',
  'teach a model to answer: conversations, loss on what the assistant says':
    'dạy mô hình trả lời: hội thoại, chỉ tính mất mát trên lời của trợ lý',
  'make conversations from documents by rule: questions that a passage answers or does not, refusals, cards; all marked synthetic':
    'tạo hội thoại từ văn bản theo luật: câu hỏi có hoặc không có đáp án trong đoạn văn, lời từ chối, thiệp; tất cả ghi là tổng hợp',
  'write a trained model for transformers (hf) and llama.cpp (gguf)':
    'xuất mô hình cho transformers (hf) và llama.cpp (gguf)',
  'draw the loss curve of a training run, or of several beside each other, as SVG':
    'vẽ đường cong huấn luyện ra SVG, của một lần chạy hoặc nhiều lần đặt cạnh nhau',
  'a corpus in your browser: documents, rejects and why, nights, thresholds; and a page that trains':
    'xem kho văn bản trong trình duyệt: tài liệu, phần bị loại và lý do, các đêm, các ngưỡng; cùng trang huấn luyện',
  'show the WebGPU adapter that training would use, why, and how to get a faster one':
    'cho biết sẽ huấn luyện bằng adapter WebGPU nào, vì sao, và cách để có adapter nhanh hơn',
  'prove the trainer on the adapter at hand: kernels, gradients, PyTorch, determinism':
    'chứng minh bộ huấn luyện chạy đúng trên máy này: kernel, gradient, so với PyTorch, tính tất định',
  'measure kernels and whole training steps on the adapter, as shares of what it can do':
    'đo kernel và trọn bước huấn luyện, theo phần trăm khả năng của adapter',
  'measure kernel variants on this adapter and keep the fastest for every later run':
    'đo các biến thể kernel trên adapter này và giữ lại biến thể nhanh nhất cho những lần chạy sau',

  'answer a question from documents, word for word and with its source, or say that it is not known':
    'trả lời câu hỏi từ các văn bản, nguyên văn và kèm nguồn, hoặc nói là không biết',
  'a quiz between models: sealed questions, points for right and quick answers, a transcript that can be checked':
    'thi đố giữa các mô hình: câu hỏi niêm phong, điểm cho câu trả lời đúng và nhanh, biên bản kiểm chứng được',
  'greeting cards: a model writes along masks for pronouns, syllables, tones and rhymes, checkers decide':
    'thiệp chúc: mô hình viết theo ràng buộc về xưng hô, số chữ, bằng trắc và vần, bộ kiểm tra quyết định',
  'judge a poem or cards: syllables, tones and rhymes of lục bát, pronouns, occasion; each breach by its rule':
    'chấm một bài thơ hay các tấm thiệp: số chữ, bằng trắc, vần lục bát, xưng hô, dịp; nêu tên luật bị phạm',

  // headings
  'What a model is for': 'Dùng mô hình để làm gì',
  'Data and vocabulary': 'Dữ liệu và bộ từ vựng',
  Merges: 'Phép gộp',
  Data: 'Dữ liệu',
  Model: 'Mô hình',
  Training: 'Huấn luyện',
  Optimisation: 'Tối ưu',
  Machine: 'Máy',
  Evaluation: 'Đánh giá',

  // tokenizer train, tokens
  'folders of document shards; or files and folders that `vua clean` reads':
    'thư mục chứa mảnh văn bản; hoặc các tệp và thư mục mà `vua clean` đọc được',
  'folder for tokenizer.json and tokenizer_config.json': 'thư mục để ghi tokenizer.json và tokenizer_config.json',
  'tokens: 256 bytes, 16 special tokens, the rest merges':
    'số token: 256 byte, 16 token đặc biệt, còn lại là các phép gộp',
  'share of near-duplicate clusters held out for validation': 'tỷ lệ cụm gần trùng được giữ riêng để kiểm định',
  'most syllables in a token; 1: no merge crosses a space':
    'số âm tiết tối đa trong một token; 1: không gộp qua dấu cách',
  'with --max-syllables 2 and more: share of the merges that stay within a syllable':
    'khi --max-syllables từ 2 trở lên: tỷ lệ phép gộp nằm trong một âm tiết',
  'split rule': 'quy tắc cắt văn bản trước khi gộp',
  'llama3; superbpe with --max-syllables 2 and more': 'llama3; superbpe khi --max-syllables từ 2 trở lên',
  'most digits in a token, of --split vua, for which it stands':
    'số chữ số tối đa trong một token, cho --split vua (nêu tùy chọn này tức là chọn --split vua)',
  'least count of a pair that is merged': 'một cặp phải xuất hiện ít nhất chừng này lần mới được gộp',
  'longest token, in bytes': 'độ dài token tối đa, tính bằng byte',
  'learn from so many bytes at most, of documents drawn by --tokenizer-seed where there are more':
    'học từ nhiều nhất chừng này byte; nếu có nhiều hơn thì chọn văn bản theo --tokenizer-seed',
  'draws the documents of --tokenizer-max-bytes': 'hạt giống để chọn văn bản cho --tokenizer-max-bytes',
  'learn from so many bytes at most, of documents drawn by --seed where there are more':
    'học từ nhiều nhất chừng này byte; nếu có nhiều hơn thì chọn văn bản theo --seed',
  'draws the documents of --max-bytes': 'hạt giống để chọn văn bản cho --max-bytes',
  'threads that count': 'số luồng dùng để đếm',
  'all processors': 'mọi bộ xử lý',
  'train it anew: grow, when the text has grown and was too little for the vocabulary; never; always':
    'khi nào huấn luyện lại: grow, khi văn bản đã nhiều lên và trước đó còn ít so với bộ từ vựng; never, không bao giờ; always, mỗi đêm',
  'with --tokenizer grow: factor by which the text has to have grown since it was trained':
    'với --tokenizer grow: văn bản phải tăng gấp chừng này lần so với lúc huấn luyện trước',
  'folder of document shards (vua clean)': 'thư mục chứa mảnh văn bản (do vua clean ghi)',
  'folder with tokenizer.json: of vua tokenizer train, or a byte-level BPE of others (GPT-2, Llama 3, Qwen)':
    'thư mục chứa tokenizer.json: do vua tokenizer train ghi, hoặc BPE mức byte của người khác (GPT-2, Llama 3, Qwen)',
  'folder of token shards to write': 'thư mục để ghi mảnh token',

  // the model of a night
  'restart: a new one grows beside the one in force, from random weights; continue: from its weights; never: none is trained':
    'restart: huấn luyện mô hình mới từ đầu bên cạnh mô hình hiện hành; continue: huấn luyện tiếp từ trọng số của nó; never: không huấn luyện',
  'of --steps, for a model that goes on from the one in force (--model continue)':
    'tỷ lệ của --steps, khi huấn luyện tiếp từ mô hình hiện hành (--model continue)',
  'train when the text grew by this share, 0: any new tokens':
    'huấn luyện khi văn bản tăng thêm tỷ lệ này; 0: cứ có token mới là huấn luyện',
  'train every so many nights, where there are new tokens': 'cứ chừng này đêm thì huấn luyện một lần, nếu có token mới',
  'share of held-out bits per byte that a new model may be worse than the one in force; else exit status 4':
    'mô hình mới được phép kém mô hình hiện hành bao nhiêu phần (bit mỗi byte trên tập kiểm định); kém hơn thì mã thoát 4',

  // train
  'folders of token shards (vua tokens), or their http(s) or s3 addresses':
    'thư mục chứa mảnh token (do vua tokens ghi), hoặc địa chỉ http(s) của chúng',
  'share of each folder in the rows': 'tỷ trọng của từng thư mục trong các hàng dữ liệu',
  'as many rows as it has': 'theo số hàng mỗi thư mục có',
  'rows cut end to end, or documents whole in a row where they fit':
    'stream: cắt hàng nối tiếp nhau; packed: xếp trọn văn bản vào hàng nếu vừa',
  'attention ends where a document does': 'attention không vượt ranh giới văn bản',
  'begin with these weights: a checkpoint, or a Qwen3 or Llama folder as transformers writes it':
    'bắt đầu từ trọng số này: một checkpoint, hoặc thư mục Qwen3 hay Llama do transformers ghi',
  'JSON file, a list of phases in place of --steps: …': 'tệp JSON liệt kê các giai đoạn, thay cho --steps: …',
  'folder for checkpoints and curve': 'thư mục để ghi checkpoint và đường cong',
  'continue the newest whole checkpoint in --out': 'chạy tiếp từ checkpoint nguyên vẹn mới nhất trong --out',
  'as many steps as fit into so many minutes on this machine, measured first, in place of --steps':
    'số bước vừa đủ cho chừng ấy phút trên máy này, đo trước khi huấn luyện; dùng thay cho --steps',
  'with --resume: back to the checkpoint before this step, its rows left out, with another rate or clip too':
    'cùng --resume: lùi về checkpoint trước bước này và bỏ qua các hàng dữ liệu của nó; có thể đổi tốc độ học hoặc ngưỡng cắt gradient',
  'a known size: 1M, 10M, 30M, 124M, 350M; --depth, --width, --context given beside it count instead':
    'cỡ có sẵn: 1M, 10M, 30M, 124M, 350M; nếu nêu thêm --depth, --width, --context thì theo các giá trị đó',
  'layers, 0: 2; width, heads, context, batch and rate follow':
    'số lớp, 0: 2; độ rộng, số đầu, ngữ cảnh, batch và tốc độ học tính theo đó',
  'model width, 0: 64 × depth': 'độ rộng mô hình, 0: 64 × số lớp',
  'tokens the model sees, 0: from depth': 'số token mô hình nhìn thấy (ngữ cảnh), 0: tính theo số lớp',
  'qwen3, or llama: without QK-norm': 'qwen3, hoặc llama: không có QK-norm',
  'base of the rotary angles, 0: 10,000, or that of --init-from':
    'cơ số của góc quay RoPE, 0: 10.000, hoặc theo --init-from',
  'a head of its own instead of the embedding': 'dùng lớp đầu ra riêng thay vì dùng chung embedding',
  'experimental: relu2; not exportable': 'thử nghiệm: relu2; không xuất được',
  'experimental: cap of the logits, 0: none; not exportable':
    'thử nghiệm: chặn trên cho logit, 0: không chặn; không xuất được',
  'experimental; not exportable': 'thử nghiệm; không xuất được',
  'rows of --context tokens in a step, 0: from depth':
    'số hàng --context token trong một bước (batch), 0: tính theo số lớp',
  'optimizer steps': 'số bước tối ưu',
  'peak learning rate, 0: from the width': 'tốc độ học cao nhất, 0: tính theo độ rộng',
  'of the matrices; everything else is AdamW': 'thuật toán tối ưu cho các ma trận; phần còn lại dùng AdamW',
  'warm-up, constant and linear decay; or half a cosine':
    'wsd: tăng dần, giữ nguyên rồi giảm tuyến tính; cosine: nửa chu kỳ cosin',
  'steps, 0: a tenth of the run, 20 at most': 'số bước tăng dần, 0: một phần mười lần chạy, nhiều nhất 20',
  'wsd: last part of the run, in which the rate falls': 'wsd: phần cuối của lần chạy, khi tốc độ học giảm',
  'share of the peak rate that is left at the end': 'tỷ lệ tốc độ học còn lại ở cuối so với mức cao nhất',
  'decoupled; norms and scalars do not decay': 'weight decay tách rời; không áp dụng cho norm và vô hướng',
  "Muon's": 'quán tính của Muon',
  "first steps, in which Muon's momentum grows from 0.85": 'số bước đầu mà quán tính của Muon tăng dần từ 0,85',
  'last steps, in which it shrinks to 0.85': 'số bước cuối mà nó giảm dần về 0,85',
  'weights decay only where that moves them the way of the update':
    'trọng số chỉ bị kéo về 0 ở nơi điều đó cùng chiều với bước cập nhật',
  'weight decay as it is, or times the share of its peak that the rate has':
    'suy giảm trọng số giữ nguyên, hoặc nhân thêm với tỉ lệ giữa tốc độ học và đỉnh của nó',
  'an average of the weights keeps this share of itself each step; it is evaluated and exported; 0: none':
    'trung bình của các trọng số giữ lại phần này của chính nó sau mỗi bước; nó là thứ được đánh giá và xuất ra; 0: không có',
  "Muon's rate, of the others'": 'tốc độ học của Muon so với phần còn lại',
  "of AdamW's first moment": 'hệ số của mô-men bậc nhất trong AdamW',
  "of AdamW's second moment": 'hệ số của mô-men bậc hai trong AdamW',
  "beside the root of AdamW's second moment": 'số cộng thêm cạnh căn của mô-men bậc hai trong AdamW',
  'largest global gradient norm': 'chuẩn gradient toàn cục lớn nhất; vượt thì bị cắt',
  'weight of the squared log-sum-exp in the loss': 'hệ số của bình phương log-sum-exp trong hàm mất mát',
  'initial weights and row order': 'hạt giống cho trọng số ban đầu và thứ tự hàng dữ liệu',
  'WebGPU adapter: auto, gpu, software, embedded; `vua doctor` explains the choice':
    'adapter WebGPU: auto, gpu, software, embedded; `vua doctor` giải thích lựa chọn',
  'mixed: f16 weights and activations; auto: on a GPU with f16':
    'mixed: trọng số và giá trị kích hoạt f16; auto: dùng khi GPU hỗ trợ f16',
  'keep less, compute layers again: less memory, a third more work':
    'lưu ít hơn và tính lại các lớp: đỡ tốn bộ nhớ, thêm một phần ba khối lượng tính',
  'rows at a time, 0: as many as --memory-gb allows; the batch is rounded up to whole micro-batches':
    'số hàng tính mỗi lượt, 0: nhiều nhất trong mức --memory-gb; batch được làm tròn lên bội số của nó',
  'memory to stay within, 0: nine tenths of what is free on the card, 8 where that is unknown, 2 on a CPU driver':
    'giới hạn bộ nhớ (GB), 0: chín phần mười phần còn trống trên card, 8 nếu không rõ, 2 khi chạy bằng CPU',
  'on a GPU where nothing was measured yet: do not tune the kernels of this run before its first step':
    'trên GPU chưa từng đo: bỏ qua việc tinh chỉnh kernel trước bước đầu tiên',
  'steps between held-out evaluations': 'số bước giữa hai lần đánh giá trên tập kiểm định',
  'held-out tokens of an evaluation while training, at most':
    'số token kiểm định tối đa mỗi lần đánh giá khi đang chạy',
  'held-out tokens of the closing figures, at most; 0: a fifth of those trained on, --evaluate-tokens at least':
    'số token kiểm định tối đa cho kết quả cuối cùng; 0: một phần năm số token đã huấn luyện, ít nhất bằng --evaluate-tokens',
  'texts to continue at each evaluation, into samples.jsonl':
    'các câu mở đầu để viết tiếp ở mỗi lần đánh giá, ghi vào samples.jsonl',
  'steps between checkpoints': 'số bước giữa hai checkpoint',
  'minutes after which one is written too, 0: by steps alone':
    'sau chừng này phút cũng ghi một checkpoint, 0: chỉ theo số bước',
  'times that it goes on from its last checkpoint when the device is lost':
    'số lần tự chạy tiếp từ checkpoint gần nhất khi mất thiết bị',
  'steps in a row that may be skipped because their gradient is not finite':
    'số bước liên tiếp được bỏ qua vì gradient không hữu hạn',
  'newest checkpoints that stay, beside the best held-out':
    'số checkpoint mới nhất được giữ, ngoài checkpoint tốt nhất trên tập kiểm định',
  'Several machines': 'Nhiều máy',
  'train with others, who meet in this folder or s3://BUCKET/PREFIX: with --out directs the run and trains, without it helps':
    'huấn luyện cùng các máy khác, gặp nhau ở thư mục này hoặc s3://BUCKET/PREFIX: có --out thì điều phối và cùng huấn luyện, không có thì giúp',
  'workers of this process; 0: it directs only': 'số worker của tiến trình này; 0: chỉ điều phối',
  'of a helper: its name among the workers, which orders them; drawn where none is given':
    'của máy giúp: tên trong các worker, dùng để xếp thứ tự; không cho thì rút ngẫu nhiên',
  'workers with which a round begins, at least': 'số worker ít nhất để bắt đầu một vòng',
  'seconds without a sign of life after which a worker is taken to be dead':
    'số giây không có dấu hiệu hoạt động thì coi như worker đã chết',
  'steps of every worker between two exchanges': 'số bước của mỗi worker giữa hai lần trao đổi',
  'of the exchange': 'của bước trao đổi',
  "Nesterov's, of the exchange": 'động lượng Nesterov của bước trao đổi',
  "largest norm of a worker's change, over the median of the last rounds":
    'chuẩn lớn nhất cho thay đổi của một worker, so với trung vị các vòng gần nhất',
  'what goes between workers: 2 bytes a weight, or 1': 'dữ liệu gửi giữa các worker: 2 byte mỗi trọng số, hoặc 1',
  'every worker gets as many rows, whatever its speed': 'mọi worker nhận số hàng như nhau, bất kể tốc độ',

  // sample
  'a step-N folder, or the folder that holds them (the newest whole one is taken)':
    'một thư mục step-N, hoặc thư mục chứa chúng (lấy bản nguyên vẹn mới nhất)',
  'take the checkpoint with the lowest held-out bits per byte':
    'lấy checkpoint có số bit mỗi byte thấp nhất trên tập kiểm định',
  'text to continue': 'câu mở đầu để viết tiếp',
  'tokens to write at most': 'viết nhiều nhất chừng này token',
  'continuations, with the seeds --seed, --seed + 1, …': 'số đoạn viết tiếp, với hạt giống --seed, --seed + 1, …',
  '0 takes the likeliest token each time': 'nhiệt độ; 0 luôn lấy token có xác suất cao nhất',
  'draw from this many likeliest tokens, 0: all': 'chỉ chọn trong chừng này token có xác suất cao nhất, 0: tất cả',
  'draw from the likeliest tokens with this share of all': 'chỉ chọn trong các token đứng đầu chiếm tỷ lệ xác suất này',
  'seed of the draws': 'hạt giống ngẫu nhiên khi chọn token',
};
