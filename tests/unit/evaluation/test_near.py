import numpy as np
import pytest

from remint.evaluation.near_images import NEAR, near_images
from remint.evaluation.near_texts import near_texts


@pytest.mark.parametrize(
    ("shape", "noise", "found"), [((1, 28, 28), 5, True), ((3, 9, 31), 5, True), ((1, 28, 28), 30, False)]
)
def test_an_image_with_a_little_noise_is_a_near_duplicate(shape: tuple[int, ...], noise: int, found: bool):
    random = np.random.default_rng(0)
    train = random.integers(40, 200, (300, *shape)).astype(np.uint8)
    images = random.integers(40, 200, (4, *shape)).astype(np.uint8)
    images[2] = train[7] + random.integers(-noise, noise + 1, shape)
    assert near_images(images, train).tolist() == [-1, -1, 7 if found else -1, -1]


def test_how_near_is_told_by_the_root_mean_square():
    train = np.full((1, 1, 8, 8), 100, dtype=np.uint8)
    step = int(255 * NEAR)
    assert near_images(train + np.uint8(step), train).tolist() == [0]
    assert near_images(train + np.uint8(step + 1), train).tolist() == [-1]
    assert near_images(train - np.uint8(step), train).tolist() == [0]


def test_many_images_are_compared_part_by_part():
    images = np.random.default_rng(0).integers(0, 255, (600, 1, 9, 9)).astype(np.uint8)
    order = np.random.default_rng(1).permutation(600)
    assert near_images(images[order], images).tolist() == order.tolist()


def _flat(texts: list[np.ndarray]) -> dict[str, np.ndarray]:
    return {"tokens": np.concatenate(texts), "offsets": np.cumsum([0, *map(len, texts)])}


def _jaccard(one: np.ndarray, other: np.ndarray) -> float:
    a, b = ({tuple(text[i : i + 5]) for i in range(len(text) - 4)} for text in (one, other))
    return len(a & b) / len(a | b)


def test_near_texts_are_those_of_a_jaccard_similarity_of_four_fifths():
    random = np.random.default_rng(0)
    train = [random.integers(0, 50, 100) for _ in range(60)]
    texts = []
    for i, text in enumerate(train):
        texts.append(text.copy())
        texts[-1][random.choice(100, i // 12, replace=False)] = 77
    found = near_texts(_flat(texts), _flat(train))
    expected = [_jaccard(one, other) >= 0.8 for one, other in zip(texts, train, strict=True)]
    assert 10 < sum(expected) < 50
    assert found.tolist() == [i if near else -1 for i, near in enumerate(expected)]


def test_texts_shorter_than_a_shingle_are_compared_whole():
    train = [np.array([1, 2]), np.array([4, 5, 6, 7]), np.array([9])]
    texts = [np.array([1, 2]), np.array([2, 1]), np.array([4, 5, 6]), np.array([9])]
    assert near_texts(_flat(texts), _flat(train)).tolist() == [0, -1, -1, 2]


def test_no_texts_no_duplicates():
    nothing = {"tokens": np.zeros(0, dtype=np.int32), "offsets": np.zeros(1, dtype=np.int64)}
    some = _flat([np.array([1, 2, 3])])
    assert near_texts(nothing, some).tolist() == []
    assert near_texts(some, nothing).tolist() == [-1]
