"""Texts as sparse vectors: how often each word or character n-gram occurs, weighted by how rare it is."""

from typing import Any, Literal

from pydantic import PositiveInt, model_validator

from remint.config.base import Config


class TfidfParameters(Config):
    """How texts become vectors; sublinear: 1 + log(count) in the place of the count."""

    analyzer: Literal["word", "char"] = "word"
    "char: for texts that are not parted into words by spaces."
    ngram: tuple[PositiveInt, PositiveInt] = (1, 1)
    "Fewest and most words or characters of an n-gram."
    min_frequency: PositiveInt = 1
    "Fewest train texts that an n-gram must occur in."

    @model_validator(mode="after")
    def _rises(self) -> "TfidfParameters":
        if self.ngram[0] > self.ngram[1]:
            raise ValueError(f"ngram is {list(self.ngram)}; allowed: the smaller number first")
        return self


def after_tfidf(options: TfidfParameters, estimator: Any) -> Any:
    """Give a scikit-learn estimator that takes raw texts."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.pipeline import make_pipeline

    vectorizer = TfidfVectorizer(
        analyzer=options.analyzer, ngram_range=options.ngram, min_df=options.min_frequency, sublinear_tf=True
    )
    return make_pipeline(vectorizer, estimator)
