"""Names of the columns that are derived from raw ones, for expectations to be checked on."""

ROW, KEY = "content", "key"
"What two rows may have in common."
OFFICIAL = "(declared split)"
ALIKE = "(first row alike)"
"Number of the first row with the same content."
NEW = "(row is new)"
"1 unless an earlier row has the same content."
DARKEST, BRIGHTEST = "(darkest pixel)", "(brightest pixel)"
VARIED = "(image is varied)"
"1 unless all pixels of the image are equal."
READABLE = "(file decodes)"
CHARACTERS = "(characters)"
"Length of the text, white space at its ends not counted."
FITS_LENGTH = "(length fits)"
"1 where a text has as many characters as it may have."
FITS_TIME = "(time parses)"
"1 where the split's column holds a time or a number."
NEW_TIME = "(time is new)"
"1 unless an earlier row of the same series has the same time."
TIME_ALIKE = "(first row of the same time)"
CHANNELS, HEIGHT, WIDTH = "(channels)", "(height)", "(width)"


def fits_type(column: str) -> str:
    """1 where the value is of the declared type."""
    return f"{column} (fits type)"


def number(column: str) -> str:
    """The value as a number; missing where it is none."""
    return f"{column} (number)"


def finite(column: str) -> str:
    """1 where the number is finite."""
    return f"{column} (finite)"


def in_train(what: str) -> str:
    """Number of the first train row with the same `ROW` or `KEY`."""
    return f"(first train row of the same {what})"


def apart(what: str, split: str) -> str:
    """1 where a row of the split has a `ROW` or `KEY` that no train row has."""
    return f"({what} of this {split} row is not in train)"


def known(target: str) -> str:
    """1 where a class of a val or test row stands in train, too."""
    return f"{target} (stands in train)"


def unknown(split: str) -> str:
    """Share of the split's tokens that train does not hold."""
    return f"share of {split} tokens unseen in train"


def rows_of(split: str) -> str:
    """Number of rows of a split."""
    return f"rows of {split}"


def share(value: str) -> str:
    """Share of a class in all rows."""
    return f"share of {value}"
