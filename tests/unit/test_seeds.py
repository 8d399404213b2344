from remint.seeds import derive_seed


def test_each_place_has_a_seed_of_its_own():
    places = [("step", k) for k in range(2000)] + [("shuffle", k) for k in range(2000)]
    seeds = {derive_seed(1, *place) for place in places} | {derive_seed(2, *place) for place in places}
    assert len(seeds) == 8000
    assert all(0 <= seed < 2**32 for seed in seeds)


def test_never_changes():
    assert [derive_seed(1, "step", 7), derive_seed(0, "weights")] == [1791323604, 3818541864]
