#!/usr/bin/env bash
# Makes the Python in which engines read what we write for them: bash tests/interop/venv.sh [DIR]; some gigabytes.
# The engines themselves go without their dependencies: resolving them together does not end.
set -euo pipefail
dir=${1:-${XDG_CACHE_HOME:-$HOME/.cache}/vua/interop}
python3 -m venv "$dir/base"
pip() { "$dir/base/bin/python" -m pip install --quiet "$@"; }
pip torch==2.8.0 'numpy<2.2' packaging pillow
pip --no-deps torchvision==0.23.0
pip --no-deps megatron-core==0.16.1 datatrove==0.10.1 ai2-olmo-core==3.0.0 litdata==0.2.76
pip dill 'fsspec<2026' 'huggingface-hub>=1.6,<2' humanize loguru multiprocess tqdm # datatrove
pip cached-path dataclass-extensions pyyaml rich safetensors importlib_resources bettermap pandas requests filelock # OLMo-core
pip lightning-utilities boto3 tifffile obstore # LitData
pip datasets pyarrow polars xxhash kubernetes-validate
# streaming wants an older transformers, and that an older hub: in a folder of their own.
pip --target "$dir/streaming" --no-deps mosaicml-streaming==0.13.0
pip --target "$dir/streaming" --upgrade 'transformers<5' 'numpy<2.2' catalogue python-snappy zstd Brotli pillow
echo "$dir"
