"""Seeds for everything random, derived so that one place's draws do not depend on what was drawn elsewhere."""

import hashlib


def derive_seed(seed: int, *place: str | int) -> int:
    """Give a seed in [0, 2³²) that depends on `seed` and on where it is used, such as ("shuffle", epoch).

    32 bits, since torch's generator on a CPU ignores the rest.
    """
    text = "/".join(map(str, (seed, *place)))
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=4).digest(), "big")
