"""Makes tiny models with transformers, saves them as anybody would, and says their logits. Called by tests/trainer/init-from.test.ts.

usage: init-from.py ASKED.json
asked: [{"folder": "…", "kind": "qwen3" | "llama", "config": {…}, "dtype": "float32" | …, "shard": "50KB" | null, "ids": [[…], …]}, …]
leaves in each folder config.json, weights, and logits.f32: [rows, T, V] of the weights as they were saved, in f32
"""
import json
import sys

import torch
import transformers

DTYPE = "dtype" if int(transformers.__version__.split(".")[0]) >= 5 else "torch_dtype"
KINDS = {
    "qwen3": (transformers.Qwen3Config, transformers.Qwen3ForCausalLM),
    "llama": (transformers.LlamaConfig, transformers.LlamaForCausalLM),
}
torch.set_num_threads(1)
for case in json.load(open(sys.argv[1], encoding="utf-8")):
    torch.manual_seed(3)
    folder, (Config, Model) = case["folder"], KINDS[case["kind"]]
    model = Model(Config(initializer_range=0.1, **case["config"]))
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name.endswith("norm.weight"):
                parameter += 0.2 * torch.randn_like(parameter)
    model = model.to(getattr(torch, case["dtype"]))
    model.save_pretrained(folder, **({"max_shard_size": case["shard"]} if case["shard"] else {}))
    model = Model.from_pretrained(folder, **{DTYPE: torch.float32}).eval()  # not .float(): its buffers were rounded as well
    with torch.no_grad():
        model(torch.tensor(case["ids"])).logits.numpy().astype("<f4").tofile(f"{folder}/logits.f32")
print(transformers.__version__)
