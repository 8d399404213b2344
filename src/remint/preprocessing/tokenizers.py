"""Tokenizers, fitted on texts. Ids 0 to 3 are padding, unknown, the beginning and the end of a text."""

import json
import os
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from remint.config.preprocessing import TextPreprocessing
from remint.config.specs import BEGIN, END
from remint.errors import DataError

if TYPE_CHECKING:
    from tokenizers import Tokenizer

SPECIAL = ("[PAD]", "[UNK]", "[BEGIN]", "[END]")
"Special tokens in the order of their ids."


def fit_tokenizer(
    texts: Sequence[str], options: TextPreprocessing, pretrained: Path | None
) -> tuple[str, dict[str, Any] | None]:
    """Give a tokenizer as JSON, and the configuration of the pretrained model that it belongs to, if any.

    Raises DataError where a pretrained model is asked for that the dataset does not declare.
    """
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    if options.tokenizer == "pretrained":
        return _pretrained(pretrained)
    make = {"words": _words, "characters": _characters, "subwords": _subwords}[options.tokenizer]
    tokenizer = make(texts, options)
    _frame(tokenizer)
    return tokenizer.to_str(), None


def _words(texts: Sequence[str], options: TextPreprocessing) -> "Tokenizer":
    """Words and marks, split at white space and punctuation."""
    from tokenizers import pre_tokenizers

    splitter = pre_tokenizers.Whitespace()
    counts = Counter(word for text in _normalised(texts, options) for word, _ in splitter.pre_tokenize_str(text))
    tokenizer = _of_vocabulary(counts, options)
    tokenizer.pre_tokenizer = splitter
    return tokenizer


def _characters(texts: Sequence[str], options: TextPreprocessing) -> "Tokenizer":
    """Single characters, line breaks and blanks among them."""
    from tokenizers import Regex, decoders, pre_tokenizers

    counts = Counter(character for text in _normalised(texts, options) for character in text)
    tokenizer = _of_vocabulary(counts, options)
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(r"[\s\S]"), "isolated")
    tokenizer.decoder = decoders.Fuse()
    return tokenizer


def _subwords(texts: Sequence[str], options: TextPreprocessing) -> "Tokenizer":
    """Byte-pair encoding of bytes."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = _normalizer(options)
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=options.vocabulary,
        min_frequency=options.min_frequency,
        special_tokens=list(SPECIAL),
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def _of_vocabulary(counts: Counter[str], options: TextPreprocessing) -> "Tokenizer":
    """Give a tokenizer of the most frequent tokens; of equally frequent ones those that sort first."""
    from tokenizers import Tokenizer, models

    frequent = sorted((t for t, n in counts.items() if n >= options.min_frequency), key=lambda t: (-counts[t], t))
    known = (*SPECIAL, *(token for token in frequent if token not in SPECIAL))[: options.vocabulary]
    tokenizer = Tokenizer(models.WordLevel({token: i for i, token in enumerate(known)}, unk_token=SPECIAL[1]))
    tokenizer.normalizer = _normalizer(options)
    tokenizer.add_special_tokens(list(SPECIAL))
    return tokenizer


def _frame(tokenizer: "Tokenizer") -> None:
    """Put the beginning and the end around every text."""
    from tokenizers import processors

    begin, end = SPECIAL[BEGIN], SPECIAL[END]
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{begin} $A {end}", special_tokens=[(begin, BEGIN), (end, END)]
    )


def _normalizer(options: TextPreprocessing) -> Any:
    from tokenizers import normalizers

    return normalizers.Lowercase() if options.lowercase else None


def _normalised(texts: Sequence[str], options: TextPreprocessing) -> Iterable[str]:
    normalizer = _normalizer(options)
    return (normalizer.normalize_str(text) for text in texts) if normalizer else texts


def _pretrained(folder: Path | None) -> tuple[str, dict[str, Any]]:
    if folder is None:
        raise DataError("preprocessing.tokenizer is pretrained, but the dataset's source declares no `pretrained`")
    for name in ("tokenizer.json", "config.json"):
        if not (folder / name).is_file():
            raise DataError(
                f"source.pretrained lacks {name}; found: {', '.join(sorted(f.name for f in folder.iterdir()))}"
            )
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    return (folder / "tokenizer.json").read_text(encoding="utf-8"), config
