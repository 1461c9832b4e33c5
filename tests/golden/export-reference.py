"""Reads an exported folder with transformers, as anybody would. Called by export-parity.ts.

usage: export-reference.py FOLDER IN.json OUT.json
in:  {"ids": [[…], …], "texts": ["…", …]}
out: {"transformers": version, "logits": [[V numbers behind the last id], …], "tokens": [[…], …], "decoded": ["…", …]}
"""
import json
import sys

import torch
import transformers

folder, source, target = sys.argv[1:]
asked = json.load(open(source, encoding="utf-8"))
tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
model = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
with torch.no_grad():
    logits = [model(torch.tensor([ids])).logits[0, -1].tolist() for ids in asked["ids"]]
tokens = [tokenizer(text)["input_ids"] for text in asked["texts"]]
answer = {
    "transformers": transformers.__version__,
    "logits": logits,
    "tokens": tokens,
    "decoded": [tokenizer.decode(ids, skip_special_tokens=True) for ids in tokens],
}
json.dump(answer, open(target, "w", encoding="utf-8"))
