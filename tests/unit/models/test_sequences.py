"""What families for sequences share."""

import pytest
import torch

from remint.config.specs import BEGIN, END, PADDING, UNKNOWN
from remint.models.sequences import Bigrams, drop_words, pool
from tests.unit.models import checks


def buckets_of(tokens: torch.Tensor, buckets: int) -> torch.Tensor:
    """Give each place's bucket: the embedding of bucket i is the number i."""
    bigrams = Bigrams(buckets, 1)
    bigrams.embedding.weight.data = torch.arange(buckets, dtype=torch.float32)[:, None]
    return bigrams(tokens)[:, :, 0].long()


def test_the_same_pair_has_the_same_vector_wherever_it_stands():
    bigrams = Bigrams(1000, 8)
    found = bigrams(torch.tensor([[BEGIN, 7, 9, 5, END], [BEGIN, 4, 7, 9, END]]))
    assert found.shape == (2, 5, 8)
    assert torch.equal(found[0, 2], found[1, 3])
    assert torch.equal(found[0, 0], found[1, 0])
    assert not torch.equal(found[0, 1], found[1, 2])  # 7 after the beginning, 7 after 4


def test_the_order_of_a_pair_counts():
    found = Bigrams(1000, 8)(torch.tensor([[7, 9], [9, 7]]))
    assert not torch.equal(found[0, 1], found[1, 1])


def test_the_first_place_follows_padding():
    found = buckets_of(torch.tensor([[7, 9]]), 1000)
    assert torch.equal(found[0, 0], buckets_of(torch.tensor([[PADDING, 7]]), 1000)[0, 1])
    assert found[0, 0] == 7 % 1000


def test_what_follows_does_not_change_a_place():
    text = torch.tensor([[BEGIN, 7, 9, END]])
    padded = torch.nn.functional.pad(text, (0, 5), value=PADDING)
    bigrams = Bigrams(50, 4)
    assert torch.equal(bigrams(padded)[:, :4], bigrams(text))


@pytest.mark.parametrize("buckets", [1000, 1024, 4096, 50_000])
def test_pairs_spread_over_the_buckets(buckets: int):
    """Of as many random pairs as buckets, 63 % of the buckets get one: 1 - 1/e."""
    tokens = torch.randint(4, 20_000, (buckets, 2), generator=torch.Generator().manual_seed(0))
    counts = buckets_of(tokens, buckets)[:, 1].bincount(minlength=buckets)
    assert len(counts) == buckets
    assert (counts > 0).double().mean().item() == pytest.approx(0.632, abs=0.05)
    assert counts.max() < 12


def test_words_after_one_word_fall_into_buckets_of_their_own():
    tokens = torch.stack([torch.full((900,), 17), torch.arange(4, 904)], dim=1)
    assert len(buckets_of(tokens, 1000)[:, 1].unique()) == 900


def test_dropped_words_become_the_unknown_one():
    torch.manual_seed(0)
    tokens = checks.texts([400] * 20, 50)
    dropped = drop_words(tokens, 0.3)
    changed = dropped != tokens
    assert (dropped[changed] == UNKNOWN).all()
    assert changed.double().mean().item() == pytest.approx(0.3, abs=0.02)
    assert (dropped[:, 0] == BEGIN).all()
    assert (dropped[:, -1] == END).all()
    assert drop_words(tokens, 0.0) is tokens


def test_pooling_takes_no_padding():
    x = torch.tensor([[[1.0], [3.0], [9.0]], [[-2.0], [-6.0], [-1.0]]])
    mask = torch.tensor([[True, True, False], [True, True, True]])
    expected = {"first": [1, -2], "last": [3, -1], "mean": [2, -3], "max": [3, -1]}
    for pooling, values in expected.items():
        assert pool(x, mask, pooling).flatten().tolist() == values
    assert pool(x, mask, "mean-max").tolist() == [[2, 3], [-3, -1]]
