"""Trains byte-level BPE tokenizers of three kinds with Hugging Face's library. Called by tests/tokenizer/foreign.test.ts.

usage: foreign.py FOLDER LINES.json
leaves FOLDER/KIND/tokenizer.json, tokenizer_config.json and ids.json, the ids of each line, for KIND gpt2, llama3, qwen3
"""
import json
import os
import sys

from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

folder, source = sys.argv[1:]
lines = json.load(open(source, encoding="utf-8"))
LLAMA = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
QWEN = LLAMA.replace(r"\p{N}{1,3}", r"\p{N}")
split = lambda pattern: pre_tokenizers.Sequence(
    [
        pre_tokenizers.Split(Regex(pattern), behavior="isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
    ]
)
KINDS = {
    "gpt2": (pre_tokenizers.ByteLevel(add_prefix_space=False), None, ["<|endoftext|>"], {"bos_token": "<|endoftext|>", "eos_token": "<|endoftext|>"}),
    "llama3": (split(LLAMA), None, ["<|begin_of_text|>", "<|end_of_text|>"], {"bos_token": "<|begin_of_text|>", "eos_token": "<|end_of_text|>"}),
    "qwen3": (split(QWEN), normalizers.NFC(), ["<|endoftext|>", "<|im_start|>", "<|im_end|>"], {"bos_token": None, "eos_token": "<|im_end|>", "pad_token": "<|endoftext|>"}),
}
for kind, (pre, normalizer, special, config) in KINDS.items():
    tokenizer = Tokenizer(models.BPE(ignore_merges=kind == "llama3"))
    tokenizer.pre_tokenizer, tokenizer.decoder = pre, decoders.ByteLevel()
    if normalizer:
        tokenizer.normalizer = normalizer
    trainer = trainers.BpeTrainer(
        vocab_size=1500, special_tokens=special, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False
    )
    tokenizer.train_from_iterator(lines[:2000], trainer)
    os.makedirs(f"{folder}/{kind}")
    tokenizer.save(f"{folder}/{kind}/tokenizer.json")
    json.dump(config, open(f"{folder}/{kind}/tokenizer_config.json", "w"))
    json.dump([e.ids for e in tokenizer.encode_batch(lines)], open(f"{folder}/{kind}/ids.json", "w"))
