"""Trains gensim's word2vec on a text of one sentence a line, and judges vectors by analogies; a part of word-vectors.ts.

    python word-vectors.py train '{"text": ..., "architecture": ..., "output": ..., ...}'
    python word-vectors.py evaluate VECTORS.bin QUESTIONS
"""

import json
import sys
import time

from gensim import __version__
from gensim.models import KeyedVectors
from gensim.models.word2vec import FAST_VERSION, Word2Vec


def train(settings):
    with open(settings["text"], encoding="utf-8") as lines:
        sentences = [line.split() for line in lines]
    model = Word2Vec(
        vector_size=settings["dimension"],
        window=settings["window"],
        min_count=settings["minimumCount"],
        negative=settings["negatives"],
        sample=settings["subsample"],
        sg=1 if settings["architecture"] == "skip-gram" else 0,
        workers=settings["threads"],
        seed=settings["seed"],
    )
    model.build_vocab(sentences)
    words = sum(model.wv.get_vecattr(word, "count") for word in model.wv.index_to_key)
    begin = time.perf_counter()
    model.train(sentences, total_examples=len(sentences), epochs=settings["epochs"])
    seconds = time.perf_counter() - begin
    model.wv.save_word2vec_format(settings["output"], binary=True)
    # FAST_VERSION is -1 where gensim has no compiled loops.
    result = {"version": __version__, "compiled": FAST_VERSION, "vocabulary": len(model.wv)}
    print(json.dumps({**result, "wordsPerSecond": words * settings["epochs"] / seconds}))


def evaluate(path, questions):
    vectors = KeyedVectors.load_word2vec_format(path, binary=True)
    accuracy, _ = vectors.evaluate_word_analogies(questions)
    print(json.dumps({"accuracy": accuracy}))


if sys.argv[1] == "train":
    train(json.loads(sys.argv[2]))
else:
    evaluate(sys.argv[2], sys.argv[3])
