"""The same items by lm-evaluation-harness: log-likelihoods of every choice, its accuracy, CPU seconds of asking. Called by score-parity.ts.

usage: score-parity.py MODEL ITEMS.jsonl ANSWER.json
items:  {"context": "…", "choices": ["…", …], "label": 2} a line; choices stand right behind the context
answer: {"version": "…", "nats": [[…], …], "acc": 0.25, "seconds": 1.2}
"""
import importlib.metadata
import json
import logging
import os
import sys
import tempfile
import time

os.environ.update(HF_HUB_OFFLINE="1", HF_DATASETS_OFFLINE="1", HF_HOME=tempfile.mkdtemp(), TOKENIZERS_PARALLELISM="false", OMP_WAIT_POLICY="passive")
from lm_eval import simple_evaluate
from lm_eval.models.huggingface import HFLM

logging.disable(logging.WARNING)
folder, items, target = sys.argv[1:]
task = {
    "task": "items",
    "dataset_path": "json",
    "dataset_kwargs": {"data_files": {"test": items}},
    "test_split": "test",
    "output_type": "multiple_choice",
    "doc_to_text": "context",
    "doc_to_choice": "choices",
    "doc_to_target": "label",
    "target_delimiter": "",
    "metric_list": [{"metric": "acc"}],
}
model = HFLM(pretrained=folder, dtype="float32", device="cpu", batch_size=16, add_bos_token=True)
asking, seconds = model.loglikelihood, []


def timed(*args, **settings):
    started = time.process_time()
    found = asking(*args, **settings)
    seconds.append(time.process_time() - started)
    return found


model.loglikelihood = timed
found = simple_evaluate(model=model, tasks=[task], log_samples=True, bootstrap_iters=0, random_seed=1)
samples = sorted(found["samples"]["items"], key=lambda sample: sample["doc_id"])
answer = {
    "version": f"lm-eval {importlib.metadata.version('lm_eval')}, transformers {importlib.metadata.version('transformers')}",
    "nats": [[-float(answer[0]) for answer in sample["filtered_resps"]] for sample in samples],
    "acc": found["results"]["items"]["acc,none"],
    "seconds": sum(seconds),
}
json.dump(answer, open(target, "w", encoding="utf-8"))
