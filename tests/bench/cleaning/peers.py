"""Peers of cleaning that live in Python. One task per call, JSON in, JSON out; see data.ts."""
import base64
import json
import sys
import time


def extraction(pages):
    """[base64 of a page] -> text of each by trafilatura, in its usual and its fast mode, with processor seconds."""
    import trafilatura

    bodies = [base64.b64decode(page) for page in pages]
    result = {"version": trafilatura.__version__}
    trafilatura.extract(b"<html><body><p>text</p></body></html>")
    for mode in ("fast", "usual"):
        texts, started = [], time.process_time()
        for body in bodies:
            try:
                texts.append(trafilatura.extract(body, fast=mode == "fast", include_comments=False, include_tables=True))
            except Exception:
                texts.append(None)
        result[mode] = {"seconds": time.process_time() - started, "texts": [text or "" for text in texts]}
    try:
        from resiliparse.extract.html2text import extract_plain_text
        from resiliparse.parse.encoding import detect_encoding
    except ImportError:
        return result
    started = time.process_time()
    texts = [
        extract_plain_text(body.decode(detect_encoding(body), "replace"), main_content=True, preserve_formatting=True)
        for body in bodies
    ]
    result["resiliparse"] = {"seconds": time.process_time() - started, "texts": texts}
    return result


def stage(job):
    """The filters of FineWeb-2, Gopher and C4, masks and signatures of datatrove, over JSONL files on two processes.

    job: {"input": folder, "output": folder, "tokenizer": "spaces" | "vi", "html": bool, "workers": int}
    """
    import logging

    from datatrove.executor import LocalPipelineExecutor
    from datatrove.pipeline.dedup import MinhashDedupSignature
    from datatrove.pipeline.dedup.minhash import MinhashConfig
    from datatrove.pipeline.extractors import Trafilatura
    from datatrove.pipeline.filters import (
        C4QualityFilter,
        FineWebQualityFilter,
        GopherQualityFilter,
        GopherRepetitionFilter,
    )
    from datatrove.pipeline.formatters import PIIFormatter
    from datatrove.pipeline.readers import JsonlReader
    from datatrove.pipeline.writers import JsonlWriter
    from datatrove.utils.logging import logger

    logger.remove()
    logging.disable(logging.CRITICAL)
    language = Spaces() if job["tokenizer"] == "spaces" else "vi"
    stop_words = "là và của một được trong năm các có loài này đã người".split(" ")
    # Thresholds that pass nearly everything, so that every filter works on every document.
    keep = {"top_n_grams": ((2, 9.0), (3, 9.0), (4, 9.0)), "dup_n_grams": tuple((n, 9.0) for n in range(5, 11))}
    pipeline = [
        JsonlReader(job["input"]),
        *([Trafilatura(favour_precision=False, timeout=30)] if job["html"] else []),
        GopherRepetitionFilter(dup_line_frac=9, dup_para_frac=9, dup_line_char_frac=9, dup_para_char_frac=9, **keep, language=language),
        GopherQualityFilter(min_doc_words=1, min_avg_word_length=1, max_avg_word_length=99, max_symbol_word_ratio=9,
                            max_bullet_lines_ratio=9, max_ellipsis_lines_ratio=9, max_non_alpha_words_ratio=0,
                            min_stop_words=0, stop_words=stop_words, language=language),
        C4QualityFilter(split_paragraph=False, filter_no_terminal_punct=False, min_num_sentences=-1, min_words_per_line=-1,
                        filter_curly_bracket=False, language=language),
        FineWebQualityFilter(line_punct_thr=-1, short_line_thr=9, char_duplicates_ratio=9, new_line_ratio=9, language=language),
        PIIFormatter(),
        JsonlWriter(job["output"] + "/kept", compression=None),
        MinhashDedupSignature(output_folder=job["output"] + "/signatures", config=MinhashConfig(), language=language),
    ]
    executor = LocalPipelineExecutor(
        pipeline=pipeline, tasks=job["workers"], workers=job["workers"], logging_dir=job["output"] + "/logs", start_method="fork"
    )
    import resource

    def processors():
        return sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))

    started, before = time.perf_counter(), processors()
    executor.run()
    return {"wall": time.perf_counter() - started, "cpu": processors() - before}


def duplicates(job):
    """MinHash of datatrove with its standard bands over the JSONL files of a folder: [[removed, kept of its cluster]].

    job: {"input": folder, "work": folder}
    """
    import glob
    import gzip
    import logging

    from datatrove.executor import LocalPipelineExecutor
    from datatrove.pipeline.dedup import (
        MinhashDedupBuckets,
        MinhashDedupCluster,
        MinhashDedupFilter,
        MinhashDedupSignature,
    )
    from datatrove.pipeline.dedup.minhash import MinhashConfig
    from datatrove.pipeline.readers import JsonlReader
    from datatrove.pipeline.writers import JsonlWriter
    from datatrove.utils.logging import logger

    logger.remove()
    logging.disable(logging.CRITICAL)
    work, config, language = job["work"], MinhashConfig(), Spaces()
    assert (config.num_buckets, config.hashes_per_bucket, config.n_grams) == (14, 8, 5)

    def stage(name, pipeline, tasks=1):
        LocalPipelineExecutor(pipeline=pipeline, tasks=tasks, workers=1, logging_dir=f"{work}/logs-{name}").run()

    stage("signatures", [JsonlReader(job["input"]), MinhashDedupSignature(f"{work}/signatures", config=config, language=language)])
    stage("buckets", [MinhashDedupBuckets(f"{work}/signatures", f"{work}/buckets", config=config)], tasks=14)
    stage("clusters", [MinhashDedupCluster(f"{work}/buckets", f"{work}/removed", config=config, save_cluster_id=True)])
    removed = JsonlWriter(f"{work}/dropped")
    stage("filter", [
        JsonlReader(job["input"]),
        MinhashDedupFilter(f"{work}/removed", exclusion_writer=removed, load_cluster_ids=True),
        JsonlWriter(f"{work}/kept"),
    ])

    def rows(folder):
        for path in glob.glob(f"{work}/{folder}/*.jsonl.gz"):
            with gzip.open(path, "rt") as lines:
                yield from map(json.loads, lines)

    kept = {row["metadata"]["minhash_cluster_id"]: row["id"] for row in rows("kept") if "minhash_cluster_id" in row["metadata"]}
    return [[row["id"], kept[row["metadata"]["minhash_cluster_id"]]] for row in rows("dropped")]


def spaces_tokenizer():
    """Words are what spaces separate: the fastest tokenizer that datatrove can be given."""
    from datatrove.utils.word_tokenizers import WordTokenizer

    class Spaces(WordTokenizer):
        def word_tokenize(self, text):
            return text.split()

        def sent_tokenize(self, text):
            return [part for part in text.replace("!", ".").replace("?", ".").split(".") if part.strip()]

        def span_tokenize(self, text):
            return []

    return Spaces


class Spaces:
    """Stands in for the tokenizer class, which only exists where datatrove is installed."""

    def __new__(cls):
        return spaces_tokenizer()()


TASKS = {"extraction": extraction, "stage": stage, "duplicates": duplicates}

if __name__ == "__main__":
    json.dump(TASKS[sys.argv[1]](json.load(sys.stdin)), sys.stdout)
