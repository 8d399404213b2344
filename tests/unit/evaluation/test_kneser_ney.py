import itertools
import math

import numpy as np
import pytest

from remint.evaluation.kneser_ney import KneserNey

TEXTS = ["abab", "abb", "", "ba", "aaab", "bbbb", "c", "abcabc"] * 3


def _probability(model: KneserNey, text: str) -> float:
    return math.exp(-model.nats([text])[0])


def _drawn(rows: int, seed: int) -> list[str]:
    """Texts in which each character tells the next one with probability 0.9."""
    random = np.random.default_rng(seed)
    texts = []
    for _ in range(rows):
        text = [int(random.integers(4))]
        for _ in range(39):
            text.append((text[-1] + 1) % 4 if random.random() < 0.9 else int(random.integers(4)))
        texts.append("".join("东南西北"[i] for i in text))
    return texts


@pytest.mark.parametrize("order", [1, 2, 3, 5])
def test_all_texts_up_to_a_length_and_their_beginnings_have_probability_one(order: int):
    model = KneserNey(order)
    model.fit(TEXTS)
    symbols = [*"abc", "?"]  # the last stands for every unknown character
    for length in range(3):
        ended = sum(
            _probability(model, "".join(t)) for n in range(length + 1) for t in itertools.product(symbols, repeat=n)
        )
        longer = sum(_beginning(model, "".join(t)) for t in itertools.product(symbols, repeat=length + 1))
        assert ended + longer == pytest.approx(1, abs=1e-9)


def _beginning(model: KneserNey, text: str) -> float:
    """Probability that a text begins so: that of the text over that of its end."""
    symbols, places = model._symbols([text])
    return float(np.prod(model._probabilities(symbols, places)[1:-1]))


def test_order_one_counts_characters_and_ends():
    model = KneserNey(1)
    model.fit(["aa", "ab"])  # a: 3, b: 1, end: 2 of 6
    discount = np.array([0.5, 1.5, 1.0])  # of counts 1, 3 and more, 2
    left = discount.sum() / 6 / 4  # a, b, end, unknown
    assert _probability(model, "") == pytest.approx((2 - 1.0) / 6 + left)
    assert _probability(model, "a") == pytest.approx(((3 - 1.5) / 6 + left) * _probability(model, ""))
    assert _probability(model, "z") == pytest.approx(left * _probability(model, ""))


def test_order_two_is_that_of_the_paper():
    model = KneserNey(2)
    model.fit(["c", "c", "cbbab", "c", "bbaa"])
    # Bigrams, ^ and $ around each text. Six occur once, two twice, and one each three and four times.
    bigrams = {"^c": 4, "c$": 3, "bb": 2, "ba": 2, **dict.fromkeys(("^b", "cb", "ab", "aa", "a$", "b$"), 1)}
    befores = {"b": 4, "$": 3, "a": 2, "c": 1}  # different symbols before each one: N1+(•w)
    uniform = dict.fromkeys("abc$?", 1 / 5)
    unigrams = _interpolated(befores, dict.fromkeys(befores, ""), {"": uniform})
    contexts = dict.fromkeys("^abc", unigrams[""])
    shares = _interpolated(bigrams, {pair: pair[0] for pair in bigrams}, contexts)
    for text in ("c", "cbbab", "acb", "", "ccaa"):
        expected = math.prod(shares[a][b] for a, b in itertools.pairwise(f"^{text}$"))
        assert _probability(model, text) == pytest.approx(expected, rel=1e-12)
    unknown = shares["b"]["?"] * unigrams[""]["$"]  # nothing is known of what follows an unknown character
    assert _probability(model, "b?") == pytest.approx(shares["^"]["b"] * unknown, rel=1e-12)


def _interpolated(
    counts: dict[str, int], contexts: dict[str, str], below: dict[str, dict[str, float]]
) -> dict[str, dict[str, float]]:
    """Give each context's probabilities by Chen and Goodman (1999), section 3.

    (max(c(hw) - D(c(hw)), 0) + (D1 N1(h•) + D2 N2(h•) + D3+ N3+(h•)) p(w)) / c(h•), with p of the order below.
    """
    n1, n2, n3, n4 = (list(counts.values()).count(times) for times in (1, 2, 3, 4))
    y = n1 / (n1 + 2 * n2)
    discounts = [0, 1 - 2 * y * n2 / n1, 2 - 3 * y * n3 / n2, 3 - 4 * y * n4 / n3]  # equation 26
    found = {}
    for context, lower in below.items():
        seen = {pair[-1]: count for pair, count in counts.items() if contexts[pair] == context}
        left = sum(discounts[min(count, 3)] for count in seen.values())
        kept = {symbol: count - discounts[min(count, 3)] for symbol, count in seen.items()}
        found[context] = {w: (kept.get(w, 0) + left * lower[w]) / sum(seen.values()) for w in lower}
    return found


def test_a_longer_memory_nears_the_entropy_of_what_was_drawn():
    train, test = _drawn(300, 1), _drawn(60, 2)
    characters = sum(len(text) + 1 for text in test)
    bits = []
    for order in (1, 2, 3):
        model = KneserNey(order)
        model.fit(train)
        bits.append(model.nats(test).sum() / math.log(2) / characters)
    entropy = -(0.925 * math.log2(0.925) + 3 * 0.025 * math.log2(0.025))
    assert bits[0] > 2
    assert bits[1] == pytest.approx(entropy, abs=0.25)
    assert bits[2] < bits[1] + 0.02


def test_rare_characters_are_one_symbol():
    model = KneserNey(2, min_frequency=2)
    model.fit(["aab", "aac", "aad"])
    assert model.alphabet.tolist() == [ord("a")]
    assert _probability(model, "ab") == _probability(model, "az")


def test_nothing_is_impossible_and_the_empty_text_has_an_end():
    model = KneserNey(4)
    model.fit(["abc"])
    found = model.nats(["", "zzz", "\ud800", "abc"])
    assert np.isfinite(found).all()
    assert found[3] < found[1]
    assert model.nats([]).shape == (0,)
