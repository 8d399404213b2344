from tests.store import migrated_database, store  # noqa: F401
